import { z } from 'zod';
import { TransportError } from '../../channels/transport.ts';
import type { StandInPage } from './browser-arguments.ts';

const place = z.object({ port: z.number().int(), spki: z.string() });
const ASKED_FOR_MS = 5_000;

/** Where the simulated network serves its stand-in page now; a network that was restarted serves it elsewhere. */
export async function findStandIn(networkUrl: string): Promise<StandInPage> {
  try {
    const response = await fetch(new URL('/control/web-page', networkUrl), {
      signal: AbortSignal.timeout(ASKED_FOR_MS),
    });
    return place.parse(await response.json());
  } catch (error) {
    throw new TransportError('launch', 'The simulated WhatsApp does not answer.', { cause: error });
  }
}
