import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['notification-service/**/*.test.ts', 'scripts/**/*.test.ts'],
    globalSetup: ['notification-service/test/pages.ts', 'notification-service/test/stores.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Journeys run on accelerated calendars in real time: a machine that stalls for seconds can starve one. A test that
    // fails three times in a row is a failure.
    retry: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
