import { readArguments } from './read-arguments.ts';
import { startNetwork } from './start-network.ts';

/** The simulated WhatsApp as a program of its own; see `--help`. */
const options = readArguments(process.argv.slice(2));
if (typeof options === 'string') {
  console.error(options);
  process.exit(2);
}

// Whoever started it may die; the network goes on, and nobody reading its output is no failure.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  const network = await startNetwork(options);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void network.close().then(() => process.exit(0)));
  }
  console.log(JSON.stringify({ listening: network.url }));
} catch (error) {
  console.error(
    `The simulated WhatsApp could not start: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exit(1);
}
