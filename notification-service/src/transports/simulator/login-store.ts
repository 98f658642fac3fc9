/** What brings a linked device back without a scan. A secret: whoever has it speaks as the member. */
export interface SimulatorLogin {
  device: string;
  key: string;
}

/** Where logins live, so that any instance can open the channel. Handed in. */
export interface LoginStore {
  load(channelId: string): Promise<SimulatorLogin | null>;
  save(channelId: string, login: SimulatorLogin): Promise<void>;
  /** Idempotent. */
  remove(channelId: string): Promise<void>;
}
