/** The embedded broker in a process of its own: tells its port, ends with its parent. */
import { startEmbeddedBroker } from '../../src/mqtt/embedded.ts';

const { port } = await startEmbeddedBroker({ host: '127.0.0.1', port: 0 }, () => {});
process.send?.(port);
process.on('disconnect', () => process.exit());
