/** To whom, and when it runs: default and filtered campaigns, filters, preview. */
export * from './campaign-model.ts';
