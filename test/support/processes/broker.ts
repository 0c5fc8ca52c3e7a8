/** The embedded broker in a process of its own: on the port of its command line, or any; ends with its parent. */
import { startEmbeddedBroker } from '../../../src/mqtt/embedded.ts';

const { port } = await startEmbeddedBroker({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) }, () => {});
process.send?.(port);
process.on('disconnect', () => process.exit());
