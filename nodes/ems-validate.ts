import type { NodeAPI, NodeMessage } from 'node-red';
import { z } from 'zod';
import { type CheckContext, checkMessage, defaultLimits } from '../src/model/check.ts';
import { numberField } from '../src/shell/config.ts';
import { candidatesOf } from '../src/shell/contract.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { directoryOf } from '../src/shell/directory.ts';

const config = z.object({
  maxBytes: numberField(defaultLimits.maxBytes, 64, 16_777_216),
  /** Seconds a time may lie ahead of ours. */
  future: numberField(defaultLimits.futureMs / 1000, 1, 86_400),
  /** Hours a reading may be old. */
  past: numberField(defaultLimits.pastMs / 3_600_000, 0.01, 87_600),
});

/** What Node-RED's own MQTT node, and our subscribe node, say about the retain flag. */
const isRetained = (message: NodeMessage): boolean => {
  const { retain, mqtt } = message as { retain?: unknown; mqtt?: { retain?: unknown } };
  return retain === true || mqtt?.retain === true;
};

const showEveryMs = 1000;

/** The gate: what fits the model goes on, what does not comes out below with every reason. */
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
        const good: object[] = [];
        const bad: NodeMessage[] = [];
        const { payload } = message;
        for (const candidate of candidatesOf(message, context)) {
          const checked = candidate.ok ? checkMessage(candidate.value, context) : undefined;
          if (checked?.ok) {
            directory.take(checked.message);
            good.push(checked.message);
            continue;
          }
          const original = candidate.ok ? candidate.value : payload;
          const reasons = checked ? checked.reasons : candidate.ok ? [] : [candidate.reason];
          const topic = (original as { topic?: unknown } | null)?.topic;
          const refusal = { topic: typeof topic === 'string' ? topic : message.topic, payload: original, reasons };
          bad.push(refusal as NodeMessage);
        }
        valid += good.length;
        rejected += bad.length;
        isShown = false;
        const [only] = good;
        const isArray = Array.isArray(payload);
        if (only && isArray) send([Object.assign(message, { payload: good }), bad]);
        else if (only) send([Object.assign(message, { payload: only, topic: (only as { topic: string }).topic }), bad]);
        else if (bad.length > 0) send([null, bad]);
      });
    },
  });
}
