/** The form of a Modbus connection: what its transport needs, and the times that hold where none are entered. */
import * as z from 'zod/mini';
import {
  defaultSilenceMs,
  defaultTimeoutMs,
  isSerialPort,
  modbusClientFields,
} from '../../drivers/modbus/codec/limits.ts';
import { thisMachine } from '../../model/limits.ts';
import { choiceField, numberField, optionalNumberField, textField } from '../field.ts';
import { asText, currentText, inputOf } from '../field-values.ts';
import type { NodeForm } from '../form.ts';
import { addConnectionTest } from '../parts/test-connection.ts';
import type { EditorClient, EditorNode } from '../red.ts';
import { get } from '../request.ts';

declare const RED: EditorClient;

/** Times in ms that the profiles of devices ask for. */
const connection = z.object({
  timeoutMs: z.optional(z.number()),
  connectDelayMs: z.optional(z.number()),
  interRequestMs: z.optional(z.number()),
});
type ConnectionTimes = z.infer<typeof connection>;
const profiles = z.array(z.object({ id: z.string(), connection: z.optional(connection) }));

/** @returns ms that hold where the form says nothing: the longest that any device behind the connection needs */
export const timesOf = (connections: readonly ConnectionTimes[]): Record<string, number> => {
  const longest = (times: readonly (number | undefined)[], otherwise: number): number => {
    const known = times.filter((ms) => ms !== undefined);
    return known.length === 0 ? otherwise : Math.max(...known);
  };
  return {
    timeout: longest(
      connections.map(({ timeoutMs }) => timeoutMs),
      defaultTimeoutMs,
    ),
    connectDelay: longest(
      connections.map(({ connectDelayMs }) => connectDelayMs),
      0,
    ),
    pause: longest(
      connections.map(({ interRequestMs }) => interRequestMs),
      0,
    ),
  };
};

const showTimes = async (node: EditorNode): Promise<void> => {
  const answer = await get('ems/modbus/profiles', profiles);
  if (!answer.ok) return;
  const used: unknown[] = [];
  RED.nodes.eachNode((other) => {
    if (other.type === 'ems-modbus' && other.client === node.id) used.push(other.profile);
  });
  const behind = answer.value.filter(({ id }) => used.includes(id));
  for (const [field, ms] of Object.entries(timesOf(behind.map(({ connection = {} }) => connection))))
    inputOf(node, field).attr('placeholder', ms);
};

const showTransport = (node: EditorNode): void => {
  const transport = currentText(node, 'transport');
  const isOverTcp = transport === 'rtu_tcp';
  $('.ems-when-net').toggle(!isSerialPort(transport));
  $('.ems-when-serial').toggle(isSerialPort(transport));
  $('.ems-when-line').toggle(isSerialPort(transport) || isOverTcp);
  inputOf(node, 'silence').attr('placeholder', isOverTcp ? defaultSilenceMs.tcp : defaultSilenceMs.serial);
};

export const modbusClientForm: NodeForm = {
  isConfig: true,
  fields: {
    name: textField(),
    transport: choiceField(modbusClientFields.transport),
    host: textField(thisMachine),
    port: numberField(modbusClientFields.port),
    path: textField(),
    baudRate: numberField(modbusClientFields.baudRate),
    dataBits: choiceField(modbusClientFields.dataBits),
    parity: choiceField(modbusClientFields.parity),
    stopBits: choiceField(modbusClientFields.stopBits),
    timeout: optionalNumberField(modbusClientFields.timeout),
    connectDelay: optionalNumberField(modbusClientFields.connectDelay),
    pause: optionalNumberField(modbusClientFields.pause),
    silence: optionalNumberField(modbusClientFields.silence),
  },
  label({ path, transport, host, port }) {
    const isLine = isSerialPort(transport) && asText(path) !== '';
    return isLine ? asText(path) : `${asText(host)}:${asText(port)}`;
  },
  open(node) {
    inputOf(node, 'transport').on('change', () => showTransport(node));
    showTransport(node);
    void showTimes(node);
    const names = Object.keys(modbusClientForm.fields).filter((name) => name !== 'name');
    addConnectionTest(node, 'ems/modbus/test', () =>
      Object.fromEntries(names.map((name) => [name, currentText(node, name)])),
    );
    return undefined;
  },
};
