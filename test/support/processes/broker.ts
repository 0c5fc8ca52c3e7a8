/** The embedded broker in a process of its own: on the port of its command line, or any; ends with its parent. */
import { startEmbeddedBroker } from '../../../src/mqtt/embedded-broker/embedded-broker.ts';
import { systemClock } from '../../../src/shell/clock.ts';

const place = { host: '127.0.0.1', port: Number(process.argv[2] ?? 0) };
const { port } = await startEmbeddedBroker(place, () => {}, systemClock);
process.send?.(port);
process.on('disconnect', () => process.exit());
