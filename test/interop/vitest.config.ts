import { defineConfig } from 'vitest/config';

/** Tests against real servers: `npm run test:interop`. */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.interop.ts'],
    globalSetup: ['test/interop/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // One after the other: what is measured is not measured beside the demo.
    fileParallelism: false,
  },
});
