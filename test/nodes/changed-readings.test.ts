import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkMessage } from '../../src/model/check.ts';
import { absent, type Candidate, candidates, changed, changes } from '../support/model/arbitrary-readings.ts';
import { allNodes, collect, functionNode, helper } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

/** Longest age of a reading, h: those of the test have the times of any day. */
const past = 87_600;
const limits = { maxBytes: 65_536, maxDepth: 10, futureMs: 300_000, pastMs: past * 3_600_000 };

/** The check by the schema alone: a field that nobody knows keeps a reading from the short way. */
const reasonsBySchema = (candidate: Candidate): string[] => {
  const checked = checkMessage({ ...candidate, known_to_nobody: true }, { now: Date.now(), limits });
  return checked.ok ? [] : checked.reasons;
};

const change = `
  const { field, value, isGone } = msg.change;
  if (isGone) delete msg.payload[field];
  else msg.payload[field] = value;
  return msg;`;

/** The flow, and to whom the first check hands its readings: Node-RED copies them where there are two. */
const cases: [name: string, wires: string[]][] = [
  ['itself', ['change']],
  ['a copy of it', ['other', 'change']],
];

describe('a reading that a function node changes after it was checked', () => {
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(() => helper.unload());

  for (const [name, wires] of cases)
    it(`is refused, or not, as if it had never been checked: ${name}`, async () => {
      await helper.load(
        [...allNodes, functionNode],
        [
          ...['other', 'good', 'bad'].map((id) => ({ id, type: 'helper' })),
          { id: 'first', type: 'ems-validate', past, wires: [wires, []] },
          { id: 'change', type: 'function', func: change, outputs: 1, wires: [['second']] },
          { id: 'second', type: 'ems-validate', past, wires: [['good'], ['bad']] },
        ],
      );
      const [good, bad] = [collect('good'), collect('bad')];
      let refused = 0;
      let sent = 0;
      for (const [reading, { field, value }] of fc.sample(fc.tuple(candidates, changes), 2000)) {
        // The topic of the Node-RED message stands in for one that the payload does not have.
        const isWithoutTopic = field === 'topic' && typeof value !== 'string';
        if (isWithoutTopic || reasonsBySchema(reading).length > 0) continue;
        const isGone = value === absent;
        const expected = reasonsBySchema(changed({ ...reading }, { field, value }));
        helper
          .getNode('first')
          .receive({ payload: { ...reading }, change: { field, isGone, ...(!isGone && { value }) } });
        sent++;
        await until(() => good.length + bad.length === sent, `the outcome of ${field}`);
        const told = bad.length > refused ? bad.at(-1)?.reasons : [];
        refused = bad.length;
        assert.deepEqual(told, expected, JSON.stringify({ reading, field, value: String(value) }));
      }
      assert.ok(refused > 50 && good.length > 50, `${refused} of ${sent} were refused`);
    });
});
