import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createModbusDriver } from '../../../../src/drivers/modbus/driver.ts';
import type { ReadRequest } from '../../../../src/drivers/modbus/messages.ts';
import { separateAlike } from '../../../../src/drivers/modbus/polling/request-order.ts';
import { createBus } from '../../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { createSerialLink } from '../../../../src/drivers/modbus/transport/serial/serial-link.ts';
import { systemClock } from '../../../../src/shell/clock.ts';
import { sinkOf } from '../../../support/driver-sink.ts';
import { request } from '../../../support/modbus/read-requests.ts';
import { rtuFrameOf, startScriptedServer } from '../../../support/modbus/scripted-server.ts';
import { resolvedPoints } from '../../../support/modbus/test-profiles.ts';
import { until } from '../../../support/until.ts';

const neighbours = (requests: ReadRequest[]): [ReadRequest, ReadRequest][] =>
  requests.slice(1).map((each, i) => [requests[i] as ReadRequest, each]);
const isAlike = ([a, b]: [ReadRequest, ReadRequest]): boolean => a.count === b.count;

describe('the order of the requests of one poll', () => {
  it('puts others between those that one answer would fit, as far as there are any (fast-check)', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(counts, (given) => {
        const items = given.map((count, i) => ({ request: request(i * 10, count) }));
        const ordered = separateAlike(items);
        assert.deepEqual(new Set(ordered), new Set(items));
        assert.equal(ordered.length, items.length);
        const alike = neighbours(ordered.map((item) => item.request)).filter(isAlike);
        const most = Math.max(...given.map((count) => given.filter((other) => other === count).length));
        // So many of one shape cannot all be kept apart by the others.
        assert.equal(alike.length, Math.max(0, most - (given.length - most) - 1));
      }),
    );
  });

  it('is that in which a device is asked, from one poll to the next', async () => {
    const points = [
      ...[10, 20, 30].map((addr) => ({ addr, type: 'uint16' })),
      ...[40, 50, 60].map((addr) => ({ addr, type: 'uint32' })),
    ].map((point) => ({ ...point, name: `p${point.addr}`, quantity: `meter/x_p${point.addr}`, unit: 'W' }));
    const resolved = resolvedPoints(points);
    const server = await startScriptedServer((asked) => void asked.socket.write(rtuFrameOf(asked)), 0, 'rtu');
    const place = { host: '127.0.0.1', port: server.port };
    const bus = createBus(createSerialLink(place, systemClock, { framing: 'rtu', silentMs: 5 }), systemClock);
    const driver = createModbusDriver({ resolved, bus, unit: 1, intervalMs: 100, name: 'm' }, systemClock);
    try {
      driver.start(sinkOf({}));
      await until(() => server.asked.length >= 3 * points.length, 'three polls');
      const counts = server.asked.map(({ count }) => count);
      assert.deepEqual(
        counts.slice(1).filter((count, i) => count === counts[i]),
        [],
        counts.join(),
      );
    } finally {
      await driver.close();
      await bus.close();
      await server.close();
    }
  });
});
