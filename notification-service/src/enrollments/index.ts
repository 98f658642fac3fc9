/** Who is in a campaign, at which step, when the next is due; eligibility, exit, the person. */
export * from './calendar.ts';
export * from './enrollment-model.ts';
export * from './person-model.ts';
export * from './step.ts';
