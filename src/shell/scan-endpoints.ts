/** Endpoints of the scan in the editor: begin, ask for the state, stop, preview a device, and end. */
import type { NodeAPI } from 'node-red';
import { systemClock } from './clock.ts';
import { sayConnectionReason } from './connection-reason.ts';
import { EditorJobs, type EditorWork } from './editor-jobs.ts';
import { defineEndpoint } from './endpoints.ts';

/** A scan, as far as its endpoints know it. */
interface Scan extends EditorWork {
  /** The state as JSON. The value "reason" of a note is why there is no connection. */
  readonly state: { notes: readonly { params?: Readonly<Record<string, unknown>> }[] };
  /** Ends the scan, and keeps what it has found. */
  stop(): void;
  /** @param n place of the device in the list of the state */
  preview(n: number): Promise<object>;
}

/** A scan that was asked for; refused: the code of why it is not begun. */
type WantedScan = { key: string; create(): Scan } | { refused: string };

/** @returns the state with the reasons in the words of the forms */
const saidState = ({ notes, ...state }: Scan['state']): object => ({
  ...state,
  notes: notes.map(({ params = {}, ...note }) => {
    const { reason } = params;
    return {
      ...note,
      params: typeof reason === 'string' ? { ...params, reason: sayConnectionReason(reason) } : params,
    };
  }),
});

/** The answer to a form whose scan has ended. */
const over = { isOver: true } as const;

/**
 * Serves scans below a path. One is under way at a time; a second form that asks for the same one joins it.
 * @param want reads the body of a request; throws in words where it cannot be read
 */
export const serveScans = (RED: NodeAPI, path: string, want: (body: unknown) => WantedScan): void => {
  const jobs = new EditorJobs<Scan>(systemClock);
  defineEndpoint(RED, 'post', path, (_, body) => {
    const wanted = want(body);
    if ('refused' in wanted) return wanted;
    const id = jobs.begin(wanted.key, () => wanted.create());
    return id === undefined ? { refused: 'busy' } : { id };
  });
  defineEndpoint(RED, 'get', `${path}/:id`, ({ id = '' }) => {
    const scan = jobs.get(id);
    return scan ? saidState(scan.state) : over;
  });
  defineEndpoint(RED, 'post', `${path}/:id/stop`, ({ id = '' }) => {
    jobs.get(id)?.stop();
    return {};
  });
  defineEndpoint(
    RED,
    'post',
    `${path}/:id/preview/:n`,
    ({ id = '', n = '' }) => jobs.get(id)?.preview(Number(n)) ?? over,
  );
  defineEndpoint(RED, 'post', `${path}/:id/end`, async ({ id = '' }) => {
    await jobs.end(id);
    return {};
  });
};
