/** Generated topics, ids and quantities for property tests. */
import fc from 'fast-check';
import { deviceTypes, quantitiesOf } from '../../../src/model/quantities.ts';
import { isFreeWord, phases, systemAreas, type Topic } from '../../../src/model/topic.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const wordTail = `${letters}0123456789_`;
const idHead = `${letters}${letters.toUpperCase()}0123456789`;

const textOf = (head: string, tail: string, max: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...head), fc.array(fc.constantFrom(...tail), { maxLength: max - 1 }))
    .map(([first, rest]) => first + rest.join(''));

export const ids = textOf(idHead, `${idHead}_.-`, 64);
const words = textOf(letters, wordTail, 48);
export const freeWords = words.filter(isFreeWord);
const indices = fc.option(fc.integer({ min: 1, max: 999_999_999 }), { nil: undefined });
const parts = fc.option(fc.constantFrom<string>(...phases, 't1', 't9'), { nil: undefined });

const withOptional = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;

const component = { device: ids, type: freeWords, index: indices };

/** Every kind of topic the grammar knows. */
export const topics: fc.Arbitrary<Topic> = fc
  .oneof(
    fc.record({ kind: fc.constant('reading'), ...component, quantity: freeWords, part: parts }),
    fc.record({
      kind: fc.constant('action'),
      ...component,
      action: fc.constantFrom('command', 'response', 'setpoint'),
      verb: words,
    }),
    fc.record({ kind: fc.constant('component_event'), ...component, name: words }),
    fc.record({ kind: fc.constant('component_meta'), ...component }),
    fc.record({ kind: fc.constantFrom('availability', 'meta'), device: ids }),
    fc.record({ kind: fc.constant('event'), device: ids, name: words }),
    fc.record({
      kind: fc.constant('site_value'),
      site: ids,
      name: freeWords,
      sub: fc.option(words, { nil: undefined }),
    }),
    fc.record({
      kind: fc.constant('site_action'),
      site: ids,
      action: fc.constantFrom('command', 'response'),
      verb: words,
    }),
    fc.record({ kind: fc.constantFrom('site_availability', 'site_meta'), site: ids }),
    fc.record({ kind: fc.constant('site_event'), site: ids, name: words }),
    fc.record({
      kind: fc.constant('system'),
      area: fc.constantFrom(...systemAreas),
      node: ids,
      name: fc.option(words, { nil: undefined }),
    }),
  )
  .map((topic) => withOptional(topic) as Topic)
  .filter((topic) => topic.kind !== 'reading' || topic.type.length + topic.quantity.length < 90);

/** A quantity of the registry with its type. */
export const quantities = fc
  .constantFrom(...deviceTypes)
  .chain((type) => fc.constantFrom(...Object.entries(quantitiesOf(type)).map(([name, of]) => ({ type, name, of }))));
