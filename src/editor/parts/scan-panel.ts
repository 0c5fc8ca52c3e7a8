/**
 * The scan of a form: an address or a small network is looked through, and the device that is chosen fills in the form,
 * with a connection that is made where there is none yet.
 */
import { isSerialPort, modbusClientFields } from '../../drivers/modbus/codec/limits.ts';
import { asText, currentText, inputOf, typedIn } from '../field-values.ts';
import type { EditorClient, EditorNode, HistoryStep } from '../red.ts';
import { MadeConfigNode } from './config-nodes.ts';
import { freeId, nameOf, proposedRole } from './device-proposals.ts';
import { type ChosenDevice, showFoundDevices } from './found-devices.ts';
import { knownDevices } from './known-devices.ts';
import { showLines } from './result.ts';
import { type FoundDevice, type ScanState, scanRequests } from './scan-answers.ts';
import { noteText, progressText, scanText } from './scan-texts.ts';

declare const RED: EditorClient;

/** A form with a scan. */
export interface ScannedForm {
  aim: 'sunspec' | 'modbus';
  /** @returns why the form has no use for a device, as the key of a text */
  unusable(device: FoundDevice): string | undefined;
  /** Fills in what only this form has. */
  fill(chosen: ChosenDevice): void;
}

const clientType = 'ems-modbus-client';
/** ms between two looks at a scan. */
const [whileRunningMs, whileShownMs] = [400, 20_000];
const clientFields = ['host', 'path', ...Object.keys(modbusClientFields)];

const addressOf = (client: EditorNode | null): string => {
  if (!client) return '';
  return isSerialPort(client.transport) ? asText(client.path) : `${asText(client.host)}:${asText(client.port)}`;
};

/** The scan of one open form. */
export class ScanPanel {
  readonly #node: EditorNode;
  readonly #form: ScannedForm;
  readonly #address = $('#ems-scan-address');
  readonly #run = $('#ems-scan-run');
  readonly #stop = $('#ems-scan-stop');
  readonly #result = $('#ems-scan-result');
  readonly #found = $('#ems-scan-found');
  #scan = '';
  #made: MadeConfigNode | undefined;
  #isClosed = false;

  constructor(node: EditorNode, form: ScannedForm) {
    this.#node = node;
    this.#form = form;
    for (const [id, key] of Object.entries({
      address: 'label',
      hint: 'hint',
      run: 'button',
      stop: 'stop',
      every: 'every',
    }))
      $(`#ems-scan-${id === 'address' ? 'label' : id === 'every' ? 'every-label' : id}`).text(scanText(node, key));
    this.#address.attr('placeholder', scanText(node, 'placeholder'));
    inputOf(node, 'client').on('change', () => this.#prefill());
    this.#prefill();
    this.#run.on('click', () => void this.#begin());
    this.#stop.on('click', () => void scanRequests.stop(this.#scan)).hide();
    this.#address.on('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      void this.#begin();
    });
  }

  /** @returns steps that undo the making of a connection; one that nobody uses goes */
  save(): HistoryStep[] {
    const made = this.#made;
    if (!made) return [];
    if (currentText(this.#node, 'client') === made.node.id) {
      this.#made = undefined;
      return [made.step()];
    }
    return [];
  }

  close(): void {
    this.#isClosed = true;
    this.#made?.remove();
    this.#end();
  }

  #client(): EditorNode | null {
    return RED.nodes.node(currentText(this.#node, 'client'));
  }

  #prefill(): void {
    this.#address.val(addressOf(this.#client()));
  }

  #end(): void {
    if (this.#scan !== '') void scanRequests.end(this.#scan);
    this.#scan = '';
  }

  #request(): Record<string, unknown> {
    const node = this.#node;
    const client = this.#client();
    const typed = typedIn(this.#address);
    const unit = currentText(node, 'unit');
    return {
      aim: this.#form.aim,
      address: typed === addressOf(client) ? '' : typed,
      client: client ? Object.fromEntries(clientFields.map((name) => [name, client[name]])) : undefined,
      ...(/^\d+$/.test(unit) ? { unit: Number(unit) } : {}),
      brand: currentText(node, 'brand'),
      isEveryUnit: $('#ems-scan-every').prop('checked') === true,
    };
  }

  async #begin(): Promise<void> {
    const node = this.#node;
    if (typedIn(this.#address) === '') {
      showLines(this.#result, [scanText(node, 'refused.address')], false);
      this.#address.trigger('focus');
      return;
    }
    this.#end();
    this.#found.empty();
    this.#show(true, [progressText(node, { step: 'begun' })]);
    const answer = await scanRequests.begin(this.#request());
    if (this.#isClosed) return;
    const { id, refused = 'busy' } = answer.ok ? answer.value : {};
    if (id !== undefined) {
      this.#scan = id;
      await this.#follow(id);
    } else this.#show(false, [answer.ok ? scanText(node, `refused.${refused}`) : answer.error], false);
  }

  /** Shows the state of a scan until it is done, and then keeps it alive for the previews. */
  async #follow(id: string): Promise<void> {
    for (let isDone = false; !this.#isClosed && this.#scan === id; ) {
      const answer = await scanRequests.state(id);
      if (this.#isClosed || this.#scan !== id) return;
      if (!answer.ok || answer.value.isOver) {
        if (!isDone) this.#show(false, [answer.ok ? scanText(this.#node, 'over') : answer.error], false);
        return;
      }
      if (!isDone) this.#showState(id, answer.value);
      isDone = answer.value.isDone === true;
      await new Promise((resolve) => setTimeout(resolve, isDone ? whileShownMs : whileRunningMs));
    }
  }

  #showState(id: string, state: ScanState): void {
    const node = this.#node;
    const { isDone = false, progress, devices = [] } = state;
    showFoundDevices(
      node,
      { parent: this.#found, scan: id, devices },
      { unusable: (device) => this.#form.unusable(device), use: (chosen) => void this.#use(chosen) },
    );
    if (isDone)
      this.#show(false, this.#outcome(state), state.failure === undefined && devices.length > 0 ? undefined : false);
    else this.#show(true, [progressText(node, progress ?? { step: 'begun' })]);
  }

  #outcome({ devices = [], notes = [], isStopped, isNobodyThere, failure }: ScanState): string[] {
    const node = this.#node;
    const hasHosts = new Set([...devices, ...notes].map(({ host }) => host)).size > 1;
    const found = isNobodyThere
      ? 'nobody'
      : devices.length === 0
        ? 'nothing'
        : devices.length === 1
          ? 'one'
          : 'several';
    const told = notes.map((note) => noteText(node, note, hasHosts));
    return [
      ...(failure === undefined ? [] : [failure]),
      ...(isStopped ? [scanText(node, 'stopped')] : []),
      ...(found === 'nothing' && told.length > 0 ? [] : [scanText(node, `found.${found}`, { n: devices.length })]),
      ...told,
    ];
  }

  #show(isRunning: boolean, lines: readonly string[], isGood?: boolean): void {
    // What was filled in has to be seen without scrolling.
    $('#ems-scan-hint').toggle(isGood !== true);
    $('#ems-scan-every')
      .closest('.ems-hint')
      .toggle(isGood !== true);
    this.#run.toggle(!isRunning);
    this.#stop.toggle(isRunning);
    showLines(this.#result, lines, isGood);
  }

  async #use(chosen: ChosenDevice): Promise<void> {
    const node = this.#node;
    const { device } = chosen;
    this.#connect(device);
    inputOf(node, 'unit').val(String(device.unit)).trigger('change');
    this.#form.fill(chosen);
    const role = inputOf(node, 'role');
    if (typedIn(role) === '') role.val(proposedRole(device)).trigger('change');
    if (typedIn(inputOf(node, 'name')) === '') inputOf(node, 'name').val(nameOf(device)).trigger('change');
    const id = inputOf(node, 'device');
    if (typedIn(id) === '')
      id.val(freeId(device, await this.#takenIds()))
        .trigger('input')
        .trigger('change');
    if (this.#isClosed) return;
    this.#found.empty();
    this.#end();
    this.#show(false, [scanText(node, 'filled')], true);
    inputOf(node, 'device').trigger('focus');
  }

  /** Chooses the connection to a device: the one of the form, another one that is there, or a new one. */
  #connect({ host, port }: FoundDevice): void {
    if (host === undefined) return;
    const isThere = ({ transport, ...client }: EditorNode): boolean =>
      transport === 'tcp' && asText(client.host) === host && Number(client.port) === port;
    const select = inputOf(this.#node, 'client');
    const own = this.#client();
    if (own && isThere(own)) return;
    let other: EditorNode | undefined;
    RED.nodes.eachConfig((each) => {
      if (each.type === clientType && isThere(each)) other ??= each;
    });
    if (other) select.val(other.id).trigger('change');
    else {
      this.#made?.remove();
      this.#made = new MadeConfigNode(clientType, { transport: 'tcp', host, port: String(port) });
      this.#made.choose(select);
    }
  }

  async #takenIds(): Promise<Set<string>> {
    const taken = new Set((await knownDevices()).map(({ device }) => device));
    RED.nodes.eachNode((each) => {
      if (each.id !== this.#node.id && asText(each.device) !== '') taken.add(asText(each.device));
    });
    return taken;
  }
}
