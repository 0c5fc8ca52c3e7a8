/** The scan of the editor as its form uses it: begun, asked for until it is done, previewed. */
import assert from 'node:assert/strict';
import { until } from '../until.ts';
import { helper } from './test-helper.ts';

/** A device as the form gets it. */
export interface ScannedDevice {
  kind: string;
  host?: string;
  port?: number;
  unit: number;
  otherUnits: number[];
  maker?: string;
  model?: string;
  serial?: string;
  version?: string;
  brand?: string;
  models: { id: number; name?: string }[];
  profiles: { id: string; title: string }[];
  components: string[];
  signs: string[];
  notes: { code: string }[];
  reason?: string;
}

export interface ScanAnswer {
  isOver?: boolean;
  isDone: boolean;
  isStopped: boolean;
  isNobodyThere: boolean;
  failure?: string;
  progress?: { step: string; done: number; total: number };
  devices: ScannedDevice[];
  notes: { code: string; params: Record<string, unknown>; host?: string }[];
}

export interface PreviewAnswer {
  isOver?: boolean;
  values: { path: string; value: unknown; unit?: string; raw?: string; reason?: string; at: number }[];
  errors: string[];
}

const path = '/ems/modbus/scan';

/** Asks for a scan. @returns its id, or why it is refused, or the error of the endpoint */
export const askForScan = async (body: object): Promise<{ id?: string; refused?: string; error?: string }> =>
  (await helper.request().post(path).send(body)).body as object;

export const scanState = async (id: string): Promise<ScanAnswer> =>
  (await helper.request().get(`${path}/${id}`)).body as ScanAnswer;

/** @param what "stop", "end", "preview/0" */
export const tellScan = async (id: string, what: string): Promise<{ status: number; body: unknown }> =>
  helper.request().post(`${path}/${id}/${what}`).send();

/** Scans until everything was asked. @returns the state in the end, with the id */
export const scanAll = async (body: object): Promise<ScanAnswer & { id: string }> => {
  const { id = '', ...refusal } = await askForScan(body);
  assert.notEqual(id, '', JSON.stringify(refusal));
  let state = await scanState(id);
  await until(async () => {
    state = await scanState(id);
    return state.isDone;
  }, 'the end of the scan');
  return { ...state, id };
};

export const previewOf = async (id: string, n: number): Promise<PreviewAnswer> =>
  (await tellScan(id, `preview/${n}`)).body as PreviewAnswer;
