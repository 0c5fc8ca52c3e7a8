/** The dots under the nodes, as an open editor shows them. */

export interface Dots {
  /** The colour of a node, or undefined before its first status. */
  fillOf(id: string): string | undefined;
  textOf(id: string): string | undefined;
  close(): void;
}

interface Shown {
  fill?: string;
  text?: string;
}

/** @param port of the editor */
export const watchDots = (port: number): Promise<Dots> =>
  new Promise((resolve, reject) => {
    const shown = new Map<string, Shown>();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/comms`);
    socket.onerror = () => reject(new Error('the editor tells no statuses'));
    socket.onmessage = ({ data }) => {
      for (const { topic, data: status } of [JSON.parse(String(data))].flat())
        if (typeof topic === 'string' && topic.startsWith('status/'))
          shown.set(topic.slice('status/'.length), status as Shown);
    };
    socket.onopen = () => {
      socket.send(JSON.stringify({ subscribe: 'status/#' }));
      resolve({
        fillOf: (id) => shown.get(id)?.fill,
        textOf: (id) => shown.get(id)?.text,
        close: () => socket.close(),
      });
    };
  });
