/** HTTP endpoints for the editor: lists, live values, connection tests. Read permission is required. */
import type { NodeAPI } from 'node-red';
import type { Bridge } from '../bridge/bridge.ts';
import { describeError } from './describe-error.ts';
import { directoryOf } from './directory.ts';

type Handler = (params: Record<string, string>, body: unknown) => unknown;

/** Answers with JSON, or with status 500 and the reason in words. */
export const defineEndpoint = (RED: NodeAPI, method: 'get' | 'post', path: string, handle: Handler): void => {
  RED.httpAdmin[method](
    path,
    RED.auth.needsPermission(method === 'get' ? 'ems.read' : 'ems.write'),
    async (request, response) => {
      try {
        response.json(await handle(request.params as Record<string, string>, request.body));
      } catch (error) {
        response.status(500).json({ error: describeError(error) });
      }
    },
  );
};

/** The answer to a form for a node that is new, disabled or without a connection, which is no error. */
export const notDeployed = { isDeployed: false } as const;

/** The last readings of every bridge of one kind, for the live view of its form. */
export const serveLiveValues = (RED: NodeAPI, kind: string) => {
  const bridges = new Map<string, Bridge>();
  defineEndpoint(RED, 'get', `/ems/${kind}/live/:id`, ({ id = '' }) => {
    const bridge = bridges.get(id);
    if (!bridge) return notDeployed;
    return { meta: bridge.meta(), readings: bridge.lastReadings(), raw: bridge.wireValues() };
  });
  return {
    add: (id: string, bridge: Bridge): void => void bridges.set(id, bridge),
    remove: (id: string): void => void bridges.delete(id),
  };
};

const served = new WeakSet<object>();

/** The devices this runtime knows, for the lists in the forms. Several nodes need it; it is served once. */
export const serveDirectory = (RED: NodeAPI): void => {
  if (served.has(RED.httpAdmin)) return;
  served.add(RED.httpAdmin);
  defineEndpoint(RED, 'get', '/ems/directory', () => directoryOf(RED).devices());
};
