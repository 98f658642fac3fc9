/** Speaks to the simulated WhatsApp network, so that the product can be learned and judged without people. */
import { TransportError, type OpenSession, type Session, type Transport } from '../../channels/transport.ts';
import type { Random } from '../../platform/random.ts';
import type { LoginStore } from './login-store.ts';
import { openSession, type SessionDeadlines } from './session.ts';

export type { LoginStore, SimulatorLogin } from './login-store.ts';

export interface SimulatorTransportDeps extends Partial<SessionDeadlines> {
  /** Where the network listens: `http://127.0.0.1:4600`. */
  url: string;
  loginStore: LoginStore;
  random: Random;
  logger: { warn(message: string, fields: Record<string, unknown>): unknown };
}

const DEFAULTS: SessionDeadlines = {
  callDeadlineMs: 10_000,
  sendConfirmMs: 30_000,
  reconnectWithinMs: 120_000,
  heartbeatMs: 10_000,
  confirmAfterMs: 2_000,
};

/** The `simulator` transport. It never sleeps, and any process that shares the login store can open a channel. */
export function createSimulatorTransport(deps: SimulatorTransportDeps): Transport {
  const inUse = new Set<string>();
  const sessionDeps = { ...DEFAULTS, ...deps };
  return {
    kind: 'simulator',
    sleeps: false,
    async open(args: OpenSession): Promise<Session> {
      const { channelId } = args;
      if (inUse.has(channelId))
        throw new TransportError('in_use', 'This channel has an open session already.');
      inUse.add(channelId);
      try {
        return await openSession(sessionDeps, args, () => inUse.delete(channelId));
      } catch (error) {
        inUse.delete(channelId);
        throw error;
      }
    },
    async forget(channelId) {
      await deps.loginStore.remove(channelId);
    },
  };
}
