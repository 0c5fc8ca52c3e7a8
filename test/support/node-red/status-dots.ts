/** The dots under the nodes, as an open editor shows them. */

export interface Dots {
  /** The colour of a node, or undefined before its first status. */
  fillOf(id: string): string | undefined;
  textOf(id: string): string | undefined;
  /** The values that each browser puts into the text in its own language. */
  paramsOf(id: string): Record<string, unknown> | undefined;
  close(): void;
}

interface Shown {
  fill?: string;
  text?: string;
}

/** Begin the topics of what Node-RED shows, and of what our own nodes tell beside it. */
const [textTopic, phraseTopic] = ['status/', 'ems/status/'];

/** @param port of the editor */
export const watchDots = (port: number): Promise<Dots> =>
  new Promise((resolve, reject) => {
    const shown = new Map<string, Shown>();
    const phrases = new Map<string, { params?: Record<string, unknown> }>();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/comms`);
    socket.onerror = () => reject(new Error('the editor tells no statuses'));
    socket.onmessage = ({ data }) => {
      for (const { topic, data: status } of [JSON.parse(String(data))].flat()) {
        if (typeof topic !== 'string') continue;
        if (topic.startsWith(textTopic)) shown.set(topic.slice(textTopic.length), status);
        if (topic.startsWith(phraseTopic)) phrases.set(topic.slice(phraseTopic.length), status);
      }
    };
    socket.onopen = () => {
      for (const topic of [textTopic, phraseTopic]) socket.send(JSON.stringify({ subscribe: `${topic}#` }));
      resolve({
        fillOf: (id) => shown.get(id)?.fill,
        textOf: (id) => shown.get(id)?.text,
        paramsOf: (id) => phrases.get(id)?.params,
        close: () => socket.close(),
      });
    };
  });
