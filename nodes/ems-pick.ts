import type { NodeAPI, NodeMessage } from 'node-red';
import { z } from 'zod';
import { reasons } from '../src/model/common.ts';
import { pickFields } from '../src/model/limits.ts';
import { type Picked, ValuePicker } from '../src/mqtt/messages/value-picker.ts';
import { isFilter } from '../src/mqtt/subscriptions/topic-filter.ts';
import { inCatalogOf } from '../src/shell/catalog-phrases.ts';
import { choiceField, flagField, optionalNumberField } from '../src/shell/config.ts';
import { defineNode, type Send } from '../src/shell/define-node.ts';
import { directoryOf } from '../src/shell/directory.ts';
import { serveDirectory } from '../src/shell/endpoints.ts';
import { fewOf, type Status } from '../src/shell/status.ts';

const choice = z.object({
  /** A topic, or a pattern with + and #. */
  topic: z.string().refine(isFilter, 'a choice is a topic like devices/101/battery/soc, or a pattern with + and #'),
  /** Property of the object; empty: value. */
  field: z
    .string()
    .regex(/^[A-Za-z0-9_.]{0,64}$/)
    .default(''),
  /** Name of the value in an object of several; empty: made from the topic. */
  name: z.string().max(64).default(''),
});

const config = z.object({
  choices: z.array(choice).min(1, 'choose at least one quantity'),
  output: choiceField(pickFields.output),
  /** Treatment of values that are old or invalid. */
  bad: choiceField(pickFields.bad),
  /** Seconds; empty: what the device's meta says, else three times as long as values come apart. */
  maxAge: optionalNumberField(pickFields.maxAge),
  onlyChanges: flagField(false),
});

/** Interval at which values are looked at for their age. */
const expiryMs = 1000;

const describeValues = (picker: ValuePicker, now: number): Status => {
  const { all, notGood } = picker.count();
  if (all === 0) return { fill: 'grey', shape: 'ring', key: 'waiting' };
  const single = picker.single();
  if (!single) {
    if (notGood === 0) return { fill: 'green', shape: 'dot', key: 'values', params: { n: all } };
    const params = { n: all, bad: notGood, names: fewOf(picker.namesOfBad()) };
    return { fill: 'yellow', shape: 'ring', key: 'someBad', params };
  }
  const { state, text: value, ts, reason } = single;
  if (state === 'good') return { fill: 'green', shape: 'dot', key: 'value', params: { value } };
  if (state === 'invalid') {
    const why = Object.hasOwn(reasons, reason)
      ? inCatalogOf('ems-pick', { key: `reason.${reason}`, params: {} })
      : reason;
    return { fill: 'yellow', shape: 'ring', key: value === '' ? 'none' : 'bad', params: { value, reason: why } };
  }
  return { fill: 'yellow', shape: 'ring', key: 'old', params: { value, s: Math.round((now - ts) / 1000) } };
};

/** Gives bare values to gauges, charts and function nodes. */
export default function register(RED: NodeAPI): void {
  serveDirectory(RED);
  defineNode(RED, 'ems-pick', {
    config,
    start({ config, clock, send, showStatus, onInput, onClose }) {
      const directory = directoryOf(RED);
      const { maxAge } = config;
      const maxAgeOf = (topic: string): number | undefined =>
        maxAge === undefined ? directory.maxAgeMs(topic) : maxAge * 1000;
      const picker = new ValuePicker(config, clock, maxAgeOf);
      const latest: Record<string, unknown> = {};

      const give = (picked: Picked[], send: Send, message: NodeMessage): void => {
        if (config.output === 'value') {
          for (const { topic, value, reading } of picked)
            if (value !== undefined) send({ topic, payload: value, reading } as NodeMessage);
          return;
        }
        for (const { name, value } of picked) {
          if (value === undefined) delete latest[name];
          else latest[name] = value;
        }
        if (picked.some(({ value }) => value !== undefined)) send({ ...message, payload: { ...latest } });
      };

      const show = (): void => showStatus(describeValues(picker, clock.now()));
      show();
      const looking = clock.every(expiryMs, () => {
        give(picker.expire(), send, {} as NodeMessage);
        show();
      });
      const forgetting = directory.onForget((device) => picker.forget(device));

      onInput((message, send) => {
        give(picker.pick(message.payload), send, message);
        show();
      });
      onClose(() => {
        looking.cancel();
        forgetting.remove();
      });
    },
  });
}
