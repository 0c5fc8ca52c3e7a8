import type { NodeAPI, NodeMessage } from 'node-red';
import { z } from 'zod';
import { type CheckContext, defaultLimits } from '../src/model/check-context.ts';
import { validateFields } from '../src/model/limits.ts';
import type { Message } from '../src/model/message.ts';
import { numberField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { directoryOf } from '../src/shell/directory.ts';
import { checkCandidates, type RefusedCandidate } from '../src/shell/node-messages.ts';

const config = z.object({
  maxBytes: numberField(validateFields.maxBytes),
  /** Seconds a time may lie ahead of ours. */
  future: numberField(validateFields.future),
  /** Hours a reading may be old. */
  past: numberField(validateFields.past),
});

/** @returns the RETAIN flag, as Node-RED's own MQTT node and our subscribe node tell it */
const isRetained = (message: NodeMessage): boolean => {
  const { retain, mqtt } = message as { retain?: unknown; mqtt?: { retain?: unknown } };
  return retain === true || mqtt?.retain === true;
};

const showEveryMs = 1000;

/** @returns the message of the second output */
const refusalMessage = ({ original, reasons }: RefusedCandidate, topic: string | undefined): NodeMessage => {
  const own = (original as { topic?: unknown } | null)?.topic;
  return { topic: typeof own === 'string' ? own : topic, payload: original, reasons } as NodeMessage;
};

/** Lets through what fits the model; anything else comes out below with every reason. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-validate', {
    config,
    start({ config, clock, showStatus, onInput, onClose }) {
      const directory = directoryOf(RED);
      const { maxBytes, future, past } = config;
      const limits = { ...defaultLimits, maxBytes, futureMs: future * 1000, pastMs: past * 3_600_000 };
      let valid = 0;
      let rejected = 0;
      let isShown = true;

      const show = (): void => {
        if (isShown) return;
        isShown = true;
        if (rejected > 0) showStatus({ fill: 'yellow', shape: 'dot', key: 'rejected', params: { n: rejected } });
        else showStatus({ fill: 'green', shape: 'dot', key: 'valid', params: { n: valid } });
      };
      showStatus({ fill: 'grey', shape: 'ring', key: 'idle' });
      const showing = clock.every(showEveryMs, show);
      onClose(() => showing.cancel());

      onInput((message, send) => {
        const context: CheckContext = {
          now: clock.now(),
          retained: isRetained(message),
          isDeclared: directory.declares,
          limits,
        };
        const good: Message[] = [];
        const bad: NodeMessage[] = [];
        for (const candidate of checkCandidates(message, context)) {
          if (candidate.ok) {
            directory.take(candidate.message);
            good.push(candidate.message);
          } else bad.push(refusalMessage(candidate, message.topic));
        }
        valid += good.length;
        rejected += bad.length;
        isShown = false;
        const [only] = good;
        if (only && Array.isArray(message.payload)) send([Object.assign(message, { payload: good }), bad]);
        else if (only) send([Object.assign(message, { payload: only, topic: only.topic }), bad]);
        else if (bad.length > 0) send([null, bad]);
      });
    },
  });
}
