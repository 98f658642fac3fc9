import { AppError } from '../platform/errors.ts';

/** For a request that cannot be answered without the user service. Unknown is not no: nothing is decided on it. */
export const noAnswer = (): AppError =>
  new AppError('unavailable', 'The user service does not answer at the moment. Please try again shortly.', {
    retryAfterSeconds: 30,
  });
