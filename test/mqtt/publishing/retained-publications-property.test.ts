import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { QueuedPublication } from '../../../src/mqtt/publishing/publication.ts';
import { RetainedPublications } from '../../../src/mqtt/publishing/retained-publications.ts';

type Step =
  | { kind: 'publish'; topic: string; payload: string; fate: 'kept back' | 'unheard' | 'taken' }
  | { kind: 'connect'; server: string; prefix: string; isEmpty: boolean; isCutAfter: number };

const topic = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('publish' as const),
    topic,
    payload: fc.constantFrom('', '1', '2', '3'),
    fate: fc.constantFrom('kept back', 'unheard', 'taken'),
  }),
  fc.record({
    kind: fc.constant('connect' as const),
    server: fc.constantFrom('one', 'two'),
    prefix: fc.constantFrom('', 'p/', 'q/'),
    isEmpty: fc.boolean(),
    isCutAfter: fc.nat({ max: 8 }),
  }),
);

describe('the difference between what brokers retain and what they should', () => {
  it('is nothing once it was told, after whatever happened (fast-check)', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom('one', 'two'), (steps, last) => {
        const retained = new RetainedPublications();
        const brokers = new Map([
          ['one', new Map<string, string>()],
          ['two', new Map<string, string>()],
        ]);
        const wanted = new Map<string, string>();
        let server = 'one';
        let prefix = '';
        const tell = (publication: QueuedPublication, isHeard = true): void => {
          const wire = publication.isAbsolute ? publication.topic : prefix + publication.topic;
          const payload = String(publication.payload);
          retained.onSent(server, wire);
          if (payload === '') brokers.get(server)?.delete(wire);
          else brokers.get(server)?.set(wire, payload);
          if (isHeard) retained.onAcknowledged(server, wire, publication);
        };
        const connect = (isEmpty: boolean, atMost: number): void => {
          if (isEmpty) brokers.get(server)?.clear();
          retained.onConnected(server, !isEmpty);
          const due = retained.due(server, prefix, 0);
          for (let told = 0; told < atMost; told++) {
            const next = due.next();
            if (next.done) return;
            tell(next.value);
          }
        };
        for (const each of steps) {
          if (each.kind === 'connect') {
            ({ server, prefix } = each);
            connect(each.isEmpty, each.isCutAfter);
            continue;
          }
          const publication: QueuedPublication = { topic: each.topic, payload: each.payload, qos: 1, retain: true };
          if (each.payload === '') wanted.delete(each.topic);
          else wanted.set(each.topic, each.payload);
          retained.remember(publication);
          if (each.fate !== 'kept back') tell(publication, each.fate === 'taken');
        }
        server = last;
        connect(false, Number.POSITIVE_INFINITY);
        const expected = [...wanted].map(([name, payload]) => [prefix + name, payload]);
        assert.deepEqual([...(brokers.get(server) ?? [])].sort(), expected.sort());
      }),
      { numRuns: 2000 },
    );
  });
});
