/**
 * A CSMS of another hand in a process of its own, in Python: the second backend that a station is forwarded to. Needs
 * `npm run test:peers`; in `npm test` rpc-csms.ts takes its place.
 */
import { peerFile, startPeerProcess } from '../line-process.ts';
import { until } from '../until.ts';

type Line = Record<string, unknown>;

export interface PeerBackend {
  url: string;
  /** Everything it said. */
  lines: Line[];
  /** Payloads of the calls of stations. */
  calls(action: string): Line[];
  do(what: string, more?: Line): void;
  /** Asks a station. @returns its CALLRESULT */
  ask(identity: string, action: string, payload: Line): Promise<Line>;
  close(): Promise<void>;
}

export const startPeerBackend = async (password?: string): Promise<PeerBackend> => {
  const lines: Line[] = [];
  const login = password === undefined ? [] : ['--password', password];
  const peer = startPeerProcess<Line>(['.venv/bin/python', peerFile('ocpp_backend.py'), ...login], (line) =>
    lines.push(line),
  );
  await until(() => lines.length > 0, 'the backend listens');
  return {
    url: `ws://127.0.0.1:${lines[0]?.port}`,
    lines,
    calls: (action) => lines.filter(({ call }) => call === action).map(({ payload }) => payload as Line),
    do: (what, more = {}) => peer.say({ do: what, ...more }),
    async ask(identity, action, payload) {
      const from = lines.length;
      peer.say({ do: 'call', identity, action, payload });
      const find = () =>
        lines.slice(from).find((line) => line.action === action && ('result' in line || 'error' in line));
      await until(() => find() !== undefined, `${identity} answers ${action}`);
      const answer = find() as Line;
      if ('error' in answer) throw new Error(String(answer.error));
      return answer.result as Line;
    },
    close: peer.close,
  };
};
