/** A reading as the JSON of its payload, without its topic: written by hand, since thousands leave each second. */
import { countKeys, type ReadingMessage, rareNames } from './reading-check.ts';

/** The name of a driver stands in all its readings. */
const last = { text: '', json: '""' };

const textJson = (text: string): string => {
  if (text !== last.text) {
    last.json = JSON.stringify(text);
    last.text = text;
  }
  return last.json;
};

/**
 * @param reading that checkMessage has passed
 * @returns what JSON.stringify makes of the reading without its topic, in the order of the schema
 */
export const readingJson = (reading: ReadingMessage): string => {
  const { value, unit, ts, quality, seq, boot, source } = reading;
  let left = countKeys(reading) - 5;
  let json = `{"schema":"reading/1","value":${typeof value === 'number' ? value : JSON.stringify(value)}`;
  // The check lets nothing into these fields that JSON would have to escape.
  if (unit !== undefined && left-- > 0) json += `,"unit":"${unit}"`;
  json += `,"ts":"${ts}","quality":"${quality}"`;
  if (seq !== undefined && left-- > 0) json += `,"seq":${seq}`;
  if (boot !== undefined && left-- > 0) json += `,"boot":"${boot}"`;
  if (source !== undefined && left-- > 0) json += `,"source":${textJson(source)}`;
  for (let i = 0; left > 0 && i < rareNames.length; i++) {
    const name = rareNames[i] as string;
    const field = reading[name];
    if (field === undefined) continue;
    json += `,"${name}":${JSON.stringify(field)}`;
    left--;
  }
  if (left === 0) return `${json}}`;
  // Fields that the model does not know, or fields that are there and undefined.
  const { topic: _, ...envelope } = reading;
  return JSON.stringify(envelope);
};
