/** A station that nobody knows: what is told of it, and what follows when somebody approves it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../support/free-ports.ts';
import {
  allNodes,
  collect,
  collectStatus,
  helper,
  objectsOf,
  ocppServerNodes,
  type Sent,
  stopRuntime,
} from '../support/node-red/test-helper.ts';
import { dial, type RawStation } from '../support/ocpp/raw-station.ts';
import { until } from '../support/until.ts';

const boots = {
  '1.6': {
    chargePointVendor: 'Acme',
    chargePointModel: 'M1',
    chargePointSerialNumber: 'SN7',
    firmwareVersion: '1.2.3',
  },
  '2.0.1': {
    reason: 'PowerUp',
    chargingStation: { vendorName: 'Acme', model: 'M1', serialNumber: 'SN7', firmwareVersion: '1.2.3' },
  },
};

for (const version of ['1.6', '2.0.1', '2.1'] as const)
  describe(`ems-ocpp-server asks about a station that nobody knows: OCPP ${version}`, () => {
    let userDir: string;
    let url: string;
    let sent: Sent[];
    let values: Sent[];
    const boot = boots[version === '1.6' ? '1.6' : '2.0.1'];

    before(async () => {
      userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
      helper.settings({ userDir });
      await helper.startServer();
      const [port = 0] = await freePorts(1);
      url = `ws://127.0.0.1:${port}/NEW`;
      await helper.load(allNodes, [
        ...ocppServerNodes(port),
        {
          id: 'one',
          type: 'ems-ocpp',
          server: 'server',
          site: 'site',
          device: 'garage',
          wires: [['values'], ['events']],
        },
        { id: 'values', type: 'helper' },
        { id: 'events', type: 'helper' },
      ]);
      const statuses = collectStatus('one');
      await until(() => statuses.at(-1)?.text.endsWith('.open') === true, 'the port is open');
      sent = collect('events');
      values = collect('values');
    });
    after(async () => {
      await stopRuntime();
      helper.settings({});
      rmSync(userDir, { recursive: true, force: true });
    });

    const pending = (): Record<string, unknown>[] => objectsOf(sent).filter(({ name }) => name === 'charger_pending');
    const asked = (station: RawStation, action: string): unknown[] | undefined =>
      station.frames.find((each) => each[2] === action);

    it('tells who it is, is asked to boot where it is approved, and is taken then', async () => {
      const station = await dial(url, { protocols: [`ocpp${version}`], password: 'whatever it has been given' });
      station.socket.on('message', (text) => {
        const [type, id] = JSON.parse(String(text)) as [number, string];
        if (type === 2) station.send([4, id, 'NotImplemented', '', {}]);
      });
      station.send([2, 'boot', 'BootNotification', boot]);
      const [, , waiting] = await station.answer('boot');
      assert.equal((waiting as { status: string }).status, 'Pending');
      await until(() => pending().some(({ data }) => (data as { vendor?: string }).vendor === 'Acme'), 'it is told of');
      const { topic, severity, data } = pending().at(-1) ?? {};
      assert.match(String(topic), /^system\/event\/[^/]+\/charger_pending$/);
      const { first_seen, last_seen, ...facts } = data as Record<string, unknown>;
      assert.ok(Date.parse(String(first_seen)) <= Date.parse(String(last_seen)));
      assert.deepEqual(
        [severity, facts],
        [
          'info',
          {
            identity: 'NEW',
            version,
            address: '127.0.0.1',
            isSecure: false,
            hasPassword: true,
            vendor: 'Acme',
            model: 'M1',
            serial: 'SN7',
            firmware: '1.2.3',
          },
        ],
      );
      assert.ok(!JSON.stringify(sent).includes('whatever'), 'without its password');
      helper.getNode('one').receive({ topic: 'approve', payload: { identity: 'NEW' } });
      await until(() => asked(station, 'TriggerMessage') !== undefined, 'it is asked to boot');
      assert.deepEqual(asked(station, 'TriggerMessage')?.[3], { requestedMessage: 'BootNotification' });
      station.send([2, 'again', 'BootNotification', boot]);
      const [, , taken] = await station.answer('again');
      assert.equal((taken as { status: string }).status, 'Accepted');
      const timestamp = new Date().toISOString();
      const status =
        version === '1.6'
          ? { connectorId: 1, errorCode: 'NoError', status: 'Available', timestamp }
          : { evseId: 1, connectorId: 1, connectorStatus: 'Available', timestamp };
      station.send([2, 'status', 'StatusNotification', status]);
      const shown = (): unknown =>
        objectsOf(values).findLast(({ topic }) => topic === 'devices/garage/ev_charger/1/status')?.value;
      await until(() => shown() === 'available', 'what it says from then on is told');
      station.close();
      await station.closed;
    });
  });
