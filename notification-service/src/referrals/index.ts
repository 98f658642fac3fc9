/** Who was referred and has not paid: asked of the user service, or told by platforms that push. */
import type { Route } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import type { Logger } from '../platform/logger.ts';
import type { Db } from '../platform/mongo.ts';
import { pushedReferrals } from './pushed-referrals.ts';
import { referralRoutes } from './referral-routes.ts';
import type { ReferralSource } from './referral-source.ts';
import { userService } from './user-service.ts';

export { noAnswer } from './no-answer.ts';
export { pushedReferrals } from './pushed-referrals.ts';
export { referralModel } from './referral-model.ts';
export type { ReferralDoc } from './referral-model.ts';
export type { PersonDetails, Referral, ReferralSource, YesNoUnknown } from './referral-source.ts';
export { userService } from './user-service.ts';

export interface ReferralsDeps {
  config: Pick<Config, 'USER_SERVICE_URL' | 'SERVICE_SECRET'>;
  db: Db;
  clock: Clock;
  logger: Logger;
}

export interface Referrals {
  routes: Route[];
  source: ReferralSource;
}

/** The user service where there is one, else what was pushed. */
export function createReferrals({ config, db, clock, logger }: ReferralsDeps): Referrals {
  const { USER_SERVICE_URL: url, SERVICE_SECRET: secrets } = config;
  const source =
    url === undefined ? pushedReferrals(db) : userService({ url, secret: secrets[0] ?? '', logger });
  return { routes: referralRoutes({ db, clock }), source };
}
