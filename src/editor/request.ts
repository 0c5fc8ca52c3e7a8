/** Requests of the forms to the runtime: the endpoints under /ems/, with the login of the editor. */
import * as z from 'zod/mini';

/** The answer of an endpoint, or why there is none, in words for the form. */
export type Answer<T> = { ok: true; value: T } | { ok: false; error: string };

/** jQuery rejects with its request; the endpoints of this package answer a failure with its reason in words. */
const failure = z.object({
  status: z.catch(z.number(), 0),
  statusText: z.catch(z.string(), ''),
  responseJSON: z.catch(z.object({ error: z.string() }), { error: '' }),
});

const reasonOf = (thrown: unknown): string => {
  const { success, data } = failure.safeParse(thrown);
  if (!success) return String(thrown);
  return data.responseJSON.error || data.statusText || String(data.status);
};

/** jQuery with the login that Node-RED adds to every request. */
const send = async (method: string, path: string, body: unknown): Promise<unknown> =>
  $.ajax({
    method,
    url: path,
    ...(body === undefined ? {} : { data: JSON.stringify(body), contentType: 'application/json' }),
  });

/** @returns the answer as far as it fits the schema, or why there is none, in words */
const request = async <T>(
  { method, path, body }: { method: string; path: string; body?: unknown },
  schema: z.ZodMiniType<T>,
): Promise<Answer<T>> => {
  try {
    const { success, data } = schema.safeParse(await send(method, path, body));
    if (success) return { ok: true, value: data };
    return { ok: false, error: `the answer to ${path} is not understood: reload this page` };
  } catch (thrown) {
    return { ok: false, error: reasonOf(thrown) };
  }
};

/** Asks an endpoint. @param path relative to the root of the editor. @throws never */
export const get = <T>(path: string, schema: z.ZodMiniType<T>): Promise<Answer<T>> =>
  request({ method: 'GET', path }, schema);

/** Sends JSON to an endpoint. @param path relative to the root of the editor. @throws never */
export const post = <T>(path: string, body: unknown, schema: z.ZodMiniType<T>): Promise<Answer<T>> =>
  request({ method: 'POST', path, body }, schema);
