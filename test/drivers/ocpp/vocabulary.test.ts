/** Every word that the official schemas allow where it matters: understood, and nothing to be noted about it. */
import assert from 'node:assert/strict';
import { codecFor } from '../../../src/drivers/ocpp/codec/codec-by-version.ts';
import { readMeterValues } from '../../../src/drivers/ocpp/codec/meter-values.ts';
import { type MeterValue, type StationMessage, type Version, versions } from '../../../src/drivers/ocpp/messages.ts';
import { findQuantity } from '../../../src/model/quantities.ts';
import { type JsonSchema, schemaOfCall } from '../../support/ocpp/ocpp-schemas.ts';

const at = Date.parse('2026-01-05T10:00:05Z');
const timestamp = '2026-01-05T10:00:00Z';

/** The first enumeration of this name, however deep. */
const wordsOf = (schema: JsonSchema, name: string, root = schema): string[] | undefined => {
  const { $ref, properties = {}, items } = schema;
  if ($ref !== undefined) return wordsOf(root.definitions?.[$ref.replace('#/definitions/', '')] ?? {}, name, root);
  for (const [key, each] of Object.entries(properties)) {
    const target = each.$ref ? root.definitions?.[each.$ref.replace('#/definitions/', '')] : each;
    const found = (key === name ? target?.enum : undefined) ?? wordsOf(each, name, root);
    if (found) return found;
  }
  return items ? wordsOf(items, name, root) : undefined;
};

const words = (version: Version, action: string, name: string): string[] =>
  wordsOf(schemaOfCall(version, action), name) ?? assert.fail(`${action} has no ${name}`);

const read = (version: Version, sampled: object): MeterValue[] => {
  const notes: string[] = [];
  const value = version === '1.6' ? '1' : 1;
  const meterValue = [{ timestamp, sampledValue: [{ value, ...sampled }] }];
  const valueType = version === '1.6' ? 'string' : 'number';
  const samples = readMeterValues({ meterValue }, { field: 'meterValue', valueType }, { arrival: at, notes });
  assert.deepEqual(notes, []);
  return samples;
};

/** As a station as in the book would say it. */
const unitOf = (measurand: string): string | undefined => {
  if (/^(Power\.Factor|Display|RPM|Frequency|SoC)/.test(measurand)) return undefined;
  if (/Reactive/.test(measurand)) return /^Power/.test(measurand) ? 'var' : 'varh';
  if (/^Temperature/.test(measurand)) return 'Celsius';
  return { P: 'W', C: 'A', V: 'V' }[measurand[0] ?? ''];
};

const inUnit = (version: Version, unit: string | undefined): object => {
  if (unit === undefined) return {};
  return version === '1.6' ? { unit } : { unitOfMeasure: { unit } };
};

/** Of the model there is none: counted by OCPP all the same. */
const beyondTheModel = /^(energy_.*interval|energy_reactive_(im|ex)port)$/;

for (const version of versions)
  describe(`OCPP ${version}: the words of the schema`, () => {
    for (const measurand of words(version, 'MeterValues', 'measurand'))
      it(`measurand ${measurand}`, () => {
        const samples = read(version, { measurand, ...inUnit(version, unitOf(measurand)) });
        for (const { quantity, isDerived } of samples.flatMap(({ sampledValues: measures }) => measures)) {
          assert.ok(findQuantity('ev_charger', quantity) || beyondTheModel.test(quantity), quantity);
          assert.equal(isDerived, undefined, 'its unit is no guess');
        }
      });

    it('what an energy manager lives on has a quantity', () => {
      const quantities = words(version, 'MeterValues', 'measurand').flatMap((measurand) =>
        read(version, { measurand, ...inUnit(version, unitOf(measurand)) }).flatMap(({ sampledValues: measures }) =>
          measures.map(({ quantity }) => quantity),
        ),
      );
      for (const quantity of ['power', 'energy_imported', 'current_total', 'current_offered', 'voltage', 'soc'])
        assert.ok(quantities.includes(quantity), quantity);
    });

    it('phases: each is a part, or the whole', () => {
      const parts = words(version, 'MeterValues', 'phase').map((phase) => {
        const [sample] = read(version, { measurand: 'Voltage', phase, ...inUnit(version, 'V') });
        return `${phase} ${sample?.sampledValues[0]?.part}`;
      });
      assert.deepEqual(parts.sort(), [
        'L1 l1',
        'L1-L2 l1',
        'L1-N l1',
        'L2 l2',
        'L2-L3 l2',
        'L2-N l2',
        'L3 l3',
        'L3-L1 l3',
        'L3-N l3',
        'N undefined',
      ]);
    });

    for (const location of words(version, 'MeterValues', 'location'))
      it(`location ${location}`, () => {
        const samples = read(version, { location });
        assert.equal(samples.length, location === 'Upstream' ? 0 : 1);
      });

    it('contexts', () => {
      const known = words(version, 'MeterValues', 'context').map(
        (context) => `${context} ${read(version, { context })[0]?.context}`,
      );
      assert.deepEqual(known.sort(), [
        'Interruption.Begin interruption',
        'Interruption.End interruption',
        'Other live',
        'Sample.Clock live',
        'Sample.Periodic live',
        'Transaction.Begin begin',
        'Transaction.End end',
        'Trigger live',
      ]);
    });

    const eventOf = (action: string, payload: object): StationMessage => {
      const decoded = codecFor(version).decode(action, payload, at);
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.notes, []);
      return decoded.event;
    };

    const key = version === '1.6' ? 'status' : 'connectorStatus';
    for (const status of words(version, 'StatusNotification', key))
      it(`status ${status}`, () => {
        const place = version === '1.6' ? { connectorId: 1, errorCode: 'NoError' } : { evseId: 1, connectorId: 1 };
        const event = eventOf('StatusNotification', { ...place, timestamp, [key]: status });
        assert.equal(event.kind === 'status' && event.raw, status);
      });

    if (version === '1.6') {
      const units: Record<string, [measurand: string, factor: number, offset?: number]> = {
        Wh: ['Energy.Active.Import.Register', 1],
        kWh: ['Energy.Active.Import.Register', 1000],
        varh: ['Energy.Reactive.Import.Register', 1],
        kvarh: ['Energy.Reactive.Import.Register', 1000],
        W: ['Power.Active.Import', 1],
        kW: ['Power.Active.Import', 1000],
        var: ['Power.Reactive.Import', 1],
        kvar: ['Power.Reactive.Import', 1000],
        A: ['Current.Offered', 1],
        V: ['Voltage', 1],
        K: ['Temperature', 1, -273.15],
        Celcius: ['Temperature', 1],
        Celsius: ['Temperature', 1],
        Fahrenheit: ['Temperature', 5 / 9, (-32 * 5) / 9],
        Percent: ['SoC', 1],
      };
      for (const unit of words(version, 'MeterValues', 'unit').filter((each) => !/VA$/.test(each)))
        it(`unit ${unit}`, () => {
          const [measurand, factor, offset = 0] = units[unit] ?? assert.fail('a unit that is not known');
          const [sample] = read(version, { measurand, unit });
          assert.ok(Math.abs(Number(sample?.sampledValues[0]?.value) - (factor + offset)) < 1e-6);
        });
    } else
      for (const chargingState of words(version, 'TransactionEvent', 'chargingState'))
        it(`charging state ${chargingState}`, () => {
          const event = eventOf('TransactionEvent', {
            eventType: 'Updated',
            timestamp,
            triggerReason: 'ChargingStateChanged',
            seqNo: 0,
            transactionInfo: { transactionId: 'T1', chargingState },
          });
          assert.ok(event.kind === 'transaction_updated' && event.chargingState !== undefined);
        });
  });
