/**
 * What the edit forms of all EMS nodes share: validators with reasons, lists, connection tests, live values, and
 * status texts in the language of the browser. Loaded by every node; runs once.
 */
(() => {
  if (window.emsEditor) return;

  const style = document.createElement('style');
  style.textContent = `
    .ems-form { contain: inline-size; min-width: 580px; }
    .ems-form .form-row > label { width: 130px; }
    .ems-form .form-row > input[type=text], .ems-form .form-row > input[type=password], .ems-form .form-row > select { width: calc(96% - 130px); }
    .ems-form .form-row > .red-ui-node-config-input, .ems-form .form-row > div[style*="inline-block"] { width: calc(96% - 130px) !important; }
    .ems-hint { margin: 2px 0 0 134px; font-size: 12px; line-height: 1.35; color: var(--red-ui-secondary-text-color); }
    .ems-form .form-row > input.ems-check { width: auto; margin: 0 6px 0 0; vertical-align: middle; }
    .ems-form .form-row > label.ems-check-label { display: inline; width: auto; vertical-align: middle; }
    .ems-list .ems-hint { margin: 2px 0 0 0; }
    .ems-more { margin: 12px 0; }
    .ems-more > summary { cursor: pointer; margin-bottom: 10px; color: var(--red-ui-primary-text-color); }
    .ems-result { margin: 6px 0 0 134px; color: var(--red-ui-primary-text-color); overflow-wrap: anywhere; }
    .ems-result.ems-bad { color: var(--red-ui-text-color-error); }
    .ems-hint.ems-bad { color: var(--red-ui-text-color-error); }
    .ems-result.ems-good { color: var(--red-ui-text-color-success, var(--red-ui-primary-text-color)); }
    .ems-result > div + div { margin-top: 3px; }
    .ems-json { height: 220px; }
    .ems-table table { width: 100%; font-size: 12px; border-collapse: collapse; }
    .ems-table th { text-align: left; font-weight: 600; }
    .ems-table th, .ems-table td { padding: 2px 8px 2px 0; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
    .ems-table .ems-number { text-align: right; font-variant-numeric: tabular-nums; }
    .ems-table code { white-space: nowrap; }
    #ems-dump .form-row > select { width: 130px; }
    #ems-dump .form-row > input[type=text] { width: 80px; }
    .ems-choice { display: grid; grid-template-columns: 3fr 1fr 1fr; gap: 4px; }
    .ems-choice > input { width: 100% !important; margin: 0; }
    .ems-form .form-row > textarea.ems-params-json { width: calc(96% - 130px); font-family: monospace; resize: vertical; }
    .ems-param-rows > .form-row:first-child { margin-top: 0; }
    .ems-settings { display: inline-grid; grid-template-columns: minmax(0, 1fr) 130px 34px; gap: 6px 8px; align-items: center; vertical-align: top; width: calc(96% - 130px); }
    .ems-form .ems-settings > label { width: auto; margin: 0; }
    .ems-form .ems-settings > input[type=text] { width: 100%; margin: 0; box-sizing: border-box; }
    .ems-settings > .ems-hint { grid-column: 1 / -1; margin: -4px 0 4px 0; }
  `;
  document.head.appendChild(style);

  const isEnv = (value) => /^\$\{\S+\}$|^\$\(\S+\)$/.test(value);
  const idPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
  const serverPattern = /^(?:(?:mqtts?|wss?):\/\/)?(?:[^:/\s]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?(?:\/\S*)?$/;

  const isEncrypted = (server) => /^(mqtts|wss):/.test(server);

  const ask = async (method, path, body) => {
    try {
      return await $.ajax({
        type: method,
        url: path,
        ...(body === undefined ? {} : { data: JSON.stringify(body), contentType: 'application/json' }),
      });
    } catch (failed) {
      const { status, statusText, responseJSON } = failed;
      return { error: responseJSON?.error || statusText || String(status) };
    }
  };

  const labelOf = (node, name) => node._(`${node.type}.label.${name}`);
  /** A value may be a sentence itself, from the catalog of another node. */
  const spoken = (node, values = {}) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, value?.key ? node._(value.key, value.params) : value]),
    );
  const text = (node, key, values) => node._(`${node.type}.${key}`, spoken(node, values));
  const cell = (content, className) => $('<td>', { class: className ?? '' }).text(content);

  const showResult = (target, { error, message }) => {
    $(target)
      .toggleClass('ems-bad', error !== undefined)
      .toggleClass('ems-good', error === undefined)
      .text(error ?? message ?? '');
  };

  const showLines = (target, lines, isBad) => {
    const box = $(target).empty().toggleClass('ems-bad', isBad);
    for (const line of lines) $('<div>').text(line).appendTo(box);
  };

  const wireTest = (node, path, values) => {
    $('#ems-test').on('click', async () => {
      $('#ems-test').prop('disabled', true);
      $('#ems-test-result').removeClass('ems-bad ems-good').text(text(node, 'test.running'));
      const { error, kind, reasons, ...facts } = await ask('POST', path, values());
      const isGood = kind === 'answers' || kind === 'online';
      // Of a list of servers, each has a reason of its own.
      const told = reasons?.map((reason) => text(node, `test.${kind}`, { ...facts, reason })) ?? [
        error ?? text(node, `test.${kind}`, facts),
      ];
      showLines('#ems-test-result', told, !isGood);
      $('#ems-test-result').toggleClass('ems-good', isGood);
      $('#ems-test').prop('disabled', false);
    });
  };

  /** What is wrong with a text that should be a number within bounds; empty and environment variables are right. */
  const faultOf = (value, { min = -Infinity, max = Infinity, zero = false }) => {
    const given = String(value).trim();
    if (given === '' || isEnv(given)) return undefined;
    const number = Number(given);
    if (!Number.isFinite(number)) return 'text';
    return (number >= min && number <= max) || (zero && number === 0) ? undefined : 'range';
  };

  /** Of what somebody may be typing right now. */
  const entriesOf = (value) =>
    Object.entries(value ?? {}).filter(([, each]) => typeof each === 'object' && each !== null);

  const unitText = (unit) => (unit === undefined || unit === '1' ? '' : unit === 'degC' ? '°C' : unit);
  const spanOf = ({ min, max, unit }) => `${min ?? ''}..${max ?? ''} ${unitText(unit)}`.trim();

  const transportNames = { tcp: 'Modbus TCP', rtu_tcp: 'RTU over TCP', udp: 'Modbus UDP', rtu: 'RTU', ascii: 'ASCII' };
  /** How a device is usually connected: "Modbus TCP, RTU 9600 8N1, port 502"; empty where its profile does not say. */
  const wayOf = (connection) => {
    const { transports, serial, port } = connection ?? {};
    const names = (Array.isArray(transports) ? transports : []).map((each) => transportNames[each] ?? each);
    return [...names, ...(serial ? [serial] : []), ...(port ? [`port ${port}`] : [])].join(', ');
  };

  const formValue = (name, prefix = 'node-config-input-') => $(`#${prefix}${name}`).val();

  /** Fills the lists of suggestions from the devices this runtime knows. */
  const fillLists = async () => {
    const devices = await ask('GET', 'ems/directory');
    if (!Array.isArray(devices)) return;
    const lists = { devices: new Set(), sites: new Set(), types: new Set(), quantities: new Set(), topics: new Set() };
    for (const { meta } of devices) {
      lists.devices.add(meta.device);
      lists.sites.add(meta.site);
      lists.topics.add(`sites/${meta.site}/power`).add(`sites/${meta.site}/energy`);
      for (const { type, index, quantities } of meta.components) {
        lists.types.add(type);
        for (const quantity of Object.keys(quantities)) {
          lists.quantities.add(quantity.split('/')[0]);
          lists.topics.add(`devices/${meta.device}/${type}${index === undefined ? '' : `/${index}`}/${quantity}`);
        }
      }
    }
    for (const [name, values] of Object.entries(lists)) {
      $(`#ems-list-${name}`).remove();
      const list = $('<datalist>', { id: `ems-list-${name}` }).appendTo('#dialog-form');
      for (const value of [...values].sort()) $('<option>').attr('value', value).appendTo(list);
    }
  };

  /** At once and then again and again, for as long as the form that holds an element is there. */
  const repeat = (selector, everyMs, run) => {
    const [element] = $(selector);
    const timer = setInterval(() => (element.isConnected ? run() : clearInterval(timer)), everyMs);
    run();
  };

  /** The age of a time, s. */
  const ageOf = (ts) => Math.max(0, Math.round((Date.now() - Date.parse(ts)) / 1000));

  /** The last readings of a bridge, with its registers where it has some, as long as somebody looks at them. */
  const showLive = async (node, kind) => {
    if (!$('#ems-live').prop('open')) return;
    const { readings, raw = {}, error, isDeployed } = await ask('GET', `ems/${kind}/live/${node.id}`);
    const target = $('#ems-live-table').empty();
    if (!readings?.length) {
      target.text(isDeployed === false ? text(node, 'live.deploy') : (error ?? text(node, 'live.none')));
      return;
    }
    const hasRaw = Object.keys(raw).length > 0;
    const table = $('<table>').appendTo(target);
    const head = $('<tr>').appendTo(table);
    for (const column of ['topic', 'value', 'quality', 'age', ...(hasRaw ? ['raw'] : [])])
      $('<th>', { class: ['value', 'age'].includes(column) ? 'ems-number' : '' })
        .text(text(node, `live.${column}`))
        .appendTo(head);
    for (const { topic, value, unit, ts, quality, reason } of readings) {
      const shown = typeof value === 'number' ? Number(value.toPrecision(7)) : value;
      const row = $('<tr>')
        .append(cell(topic.split('/').slice(2).join('/')))
        .append(cell(`${shown ?? '–'} ${unitText(unit)}`, 'ems-number'))
        .append(cell(reason ? `${quality}: ${reason}` : quality))
        .append(cell(`${ageOf(ts)} s`, 'ems-number'))
        .appendTo(table);
      if (hasRaw) row.append($('<td>').append($('<code>').text(raw[topic] ?? '')));
    }
  };

  /** Live from now on, and at once where it is opened. */
  const wireLive = (node, kind) => {
    $('#ems-live').on('toggle', () => showLive(node, kind));
    repeat('#ems-live', 2000, () => showLive(node, kind));
  };

  const broker = {
    prepare(node) {
      const list = $('#node-config-input-servers-list');
      list.editableList({
        addButton: true,
        removable: true,
        sortable: true,
        height: 'auto',
        addItem(row, _index, item) {
          $('<input>', { type: 'text', class: 'ems-server', placeholder: 'mqtts://broker.example:8883' })
            .css('width', '95%')
            .val(typeof item === 'string' ? item : '')
            .appendTo(row);
        },
      });
      for (const server of node.servers ?? []) list.editableList('addItem', server);
      wireTest(node, 'ems/broker/test', () => ({
        id: node.id,
        servers: broker.servers(),
        // What the list holds where nothing is chosen.
        tls: formValue('tls') === '_ADD_' ? '' : formValue('tls'),
        version: formValue('version'),
        plainFallback: $('#node-config-input-plainFallback').prop('checked'),
        user: formValue('user'),
        password: formValue('password'),
      }));
    },
    servers: () =>
      $('#node-config-input-servers-list .ems-server')
        .map((_, input) => $(input).val().trim())
        .get()
        .filter((server) => server !== ''),
    save(node) {
      node.servers = broker.servers();
    },
    close() {},
  };

  const site = {
    prepare(node) {
      site.references = emsReferences.create(node, 'sites', 'site');
    },
    save() {
      // The form of a configuration node keeps no steps of others.
      const events = site.references.save();
      if (events.length > 0) RED.history.push({ t: 'multi', events, dirty: events[0].dirty });
    },
  };

  const modbusClient = {
    prepare(node) {
      const show = () => {
        const isSerial = /^(rtu|ascii)$/.test(formValue('transport'));
        $('.ems-when-net').toggle(!isSerial);
        $('.ems-when-serial').toggle(isSerial);
        const isOverTcp = formValue('transport') === 'rtu_tcp';
        $('.ems-when-line').toggle(isSerial || isOverTcp);
        $('#node-config-input-silence').attr('placeholder', isOverTcp ? 100 : 50);
      };
      $('#node-config-input-transport').on('change', show);
      show();
      modbusClient.showTimes(node);
      const names = [...Object.keys(node._def.defaults)].filter((name) => name !== 'name');
      wireTest(node, 'ems/modbus/test', () => Object.fromEntries(names.map((name) => [name, formValue(name)])));
    },
    /** What holds where nothing is entered: the profiles of the devices behind this connection say it. */
    async showTimes(node) {
      const profiles = await ask('GET', 'ems/modbus/profiles');
      if (!Array.isArray(profiles)) return;
      const used = [];
      RED.nodes.eachNode((other) => {
        if (other.type === 'ems-modbus' && other.client === node.id) used.push(other.profile);
      });
      const connections = profiles.filter(({ id }) => used.includes(id)).map(({ connection = {} }) => connection);
      const longest = (field, least) => Math.max(least, ...connections.map((connection) => connection[field] ?? 0));
      $('#node-config-input-timeout').attr(
        'placeholder',
        longest('timeoutMs', connections.some(({ timeoutMs }) => timeoutMs) ? 0 : 1000),
      );
      $('#node-config-input-connectDelay').attr('placeholder', longest('connectDelayMs', 0));
      $('#node-config-input-pause').attr('placeholder', longest('interRequestMs', 0));
    },
    save() {},
    close() {},
  };

  const modbus = {
    /** The first mistake in each profile that was typed in and looked at; undefined: it has none. */
    faults: new Map(),
    async prepare(node) {
      modbus.profiles ??= [];
      const editorElement = 'node-input-inline-editor';
      modbus.editor = RED.editor.createEditor({ id: editorElement, mode: 'ace/mode/json', value: node.inline || '' });
      modbus.fillProfiles(node);
      modbus.references = emsReferences.create(node, 'devices', 'device');
      wireLive(node, 'modbus');
      $('#ems-dump-run').on('click', () => modbus.dump(node));
    },
    async fillProfiles(node) {
      const profiles = await ask('GET', 'ems/modbus/profiles');
      if (!modbus.editor) return;
      const select = $('#node-input-profile').empty();
      $('<option>', { value: '' }).text(text(node, 'choice.profile.none')).appendTo(select);
      modbus.profiles = Array.isArray(profiles) ? profiles : [];
      const groups = new Map();
      for (const profile of modbus.profiles) {
        const kind = profile.class ?? 'other';
        if (!groups.has(kind))
          groups.set(kind, $('<optgroup>', { label: text(node, `class.${kind}`) }).appendTo(select));
        $('<option>', { value: profile.id, disabled: profile.mistakes !== undefined })
          .text(profile.title ?? text(node, 'profile.wrong', { id: profile.id }))
          .appendTo(groups.get(kind));
      }
      const wrong = modbus.profiles.filter(({ mistakes }) => mistakes !== undefined);
      showLines(
        '#ems-profile-mistakes',
        wrong.flatMap(({ id, mistakes }) => mistakes.map((mistake) => `${id}.json: ${mistake}`)),
        true,
      );
      select.val(node.profile || '');
      select.on('change', () => modbus.showProfile(node));
      modbus.editor.getSession().on('change', () => {
        modbus.showProfile(node);
        clearTimeout(modbus.pause);
        modbus.pause = setTimeout(() => modbus.inspect(node), 300);
      });
      modbus.showProfile(node);
      modbus.inspect(node);
    },
    /** Shows what the runtime says of the profile that is typed in. */
    async inspect(node) {
      const given = modbus.editor.getValue().trim();
      const {
        mistakes = [],
        hints = [],
        error,
      } = given === '' ? {} : await ask('POST', 'ems/modbus/inspect', { text: given });
      // Typed on, or the form closed, in the meantime.
      if (modbus.editor?.getValue().trim() !== given) return;
      modbus.faults.set(given, mistakes[0]);
      const lines = error ? [error] : [...mistakes, ...hints];
      const isGood = given !== '' && lines.length === 0;
      showLines(
        '#ems-inline-mistakes',
        isGood ? [text(node, 'profile.right')] : lines,
        error !== undefined || mistakes.length > 0,
      );
    },
    /** The profile in force: the one typed in, else the one chosen; undefined: none, or not readable. */
    chosen() {
      const inline = modbus.editor.getValue().trim();
      if (inline === '') return modbus.profiles.find(({ id }) => id === $('#node-input-profile').val());
      try {
        const { params, settings, instances, connection, commandNote } = JSON.parse(inline);
        return { params, settings, connection, commandNote, instances: instances?.max };
      } catch {
        return undefined;
      }
    },
    showProfile(node) {
      const profile = modbus.chosen();
      modbus.showParams(node, profile);
      modbus.showSettings(node, profile);
      const commands = [...new Set(profile?.commands ?? [])];
      const told = {
        connection: wayOf(profile?.connection),
        connections: profile?.connection?.maxConnections,
        commands: commands.join(', '),
      };
      const isRead = profile?.commands !== undefined && commands.length === 0;
      $('#ems-profile-told').text(
        [
          ...Object.entries(told).map(([key, value]) => (value ? text(node, `profile.${key}`, { value }) : '')),
          isRead ? text(node, 'profile.readsOnly') : '',
          profile?.commandNote ?? '',
        ]
          .filter((sentence) => sentence !== '')
          .join(' '),
      );
    },
    showSettings(node, profile) {
      const settings = entriesOf(profile?.settings);
      $('#ems-row-settings').toggle(settings.length > 0);
      const box = $('#ems-profile-settings');
      const typed = { ...node.settings, ...modbus.typedSettings() };
      box.empty();
      for (const [name, { title, unit, default: fallback, min, max, point, note }] of settings) {
        const id = `ems-setting-${name}`;
        const usual = point === undefined ? fallback : text(node, 'settings.device');
        const check = () => input.toggleClass('input-error', faultOf(input.val(), { min, max }) !== undefined);
        $('<label>', { for: id }).text(title).appendTo(box);
        const input = $('<input type="text" class="ems-setting" autocomplete="off">')
          .attr({
            id,
            'data-name': name,
            placeholder: usual ?? text(node, 'settings.needed'),
            title: spanOf({ min, max }),
          })
          .val(typed[name] ?? '')
          .on('input', check)
          .appendTo(box);
        $('<span>').text(unitText(unit)).appendTo(box);
        if (note) $('<div class="ems-hint">').text(note).appendTo(box);
        check();
      }
    },
    /** What is in the fields now; only what was filled in. A text that is no number stays one, to be complained of. */
    typedSettings: () =>
      Object.fromEntries(
        $('.ems-setting')
          .map((_, input) => {
            const value = $(input).val().trim();
            const number = Number(value);
            return [[$(input).data('name'), value !== '' && Number.isFinite(number) ? number : value]];
          })
          .get(),
      ),
    typedParams: () =>
      Object.fromEntries(
        $('.ems-param')
          .map((_, select) => [[$(select).data('name'), $(select).val()]])
          .get(),
      ),
    showParams(node, profile) {
      const typed = { ...node.params, ...modbus.typedParams() };
      const box = $('#ems-profile-params').empty();
      for (const [name, { default: fallback, choices = {}, note }] of entriesOf(profile?.params)) {
        const row = $('<div class="form-row">').css('margin-top', '8px').appendTo(box);
        $('<label>').text(name.replace(/_/g, ' ')).appendTo(row);
        const select = $('<select>', { class: 'ems-param', 'data-name': name }).appendTo(row);
        for (const [value, label] of Object.entries(choices)) $('<option>', { value }).text(label).appendTo(select);
        select.val(Object.hasOwn(choices, typed[name]) ? typed[name] : fallback);
        if (note) $('<div class="ems-hint">').text(note).appendTo(row);
      }
      $('#ems-row-instance').toggle((profile?.instances ?? 1) > 1);
      $('#ems-row-capacity').toggle(profile?.hasBattery ?? true);
      const unit = profile?.connection?.unitId;
      $('#node-input-unit').attr('placeholder', unit === undefined ? '1' : String(unit));
    },
    async dump(node) {
      const asked = {
        client: $('#node-input-client').val(),
        unit: Number($('#node-input-unit').val() || $('#node-input-unit').attr('placeholder')),
        table: $('#ems-dump-table').val(),
        from: Number($('#ems-dump-from').val()),
        to: Number($('#ems-dump-to').val()),
      };
      $('#ems-dump-result').removeClass('ems-bad ems-good').text(text(node, 'dump.running'));
      const dump = await ask('POST', 'ems/modbus/dump', asked);
      if (dump.error) {
        showResult('#ems-dump-result', dump);
        return;
      }
      const n = Object.keys(dump.words).length;
      showResult('#ems-dump-result', { message: text(node, 'dump.done', { n, all: asked.to - asked.from + 1 }) });
      const file = new Blob([JSON.stringify(dump, null, 2)], { type: 'application/json' });
      const link = $('<a>', { href: URL.createObjectURL(file), download: `unit-${asked.unit}-${asked.table}.json` });
      link[0].click();
      URL.revokeObjectURL(link.attr('href'));
    },
    save(node) {
      node.inline = modbus.editor.getValue().trim();
      // Where it is not known what the profile asks for, nothing is forgotten.
      if (modbus.chosen()) {
        node.params = modbus.typedParams();
        node.settings = Object.fromEntries(Object.entries(modbus.typedSettings()).filter(([, value]) => value !== ''));
      }
      modbus.close();
      return { history: modbus.references.save() };
    },
    close() {
      clearTimeout(modbus.pause);
      modbus.editor.destroy();
      modbus.editor = undefined;
    },
  };

  /** Whether these can be the parameters of a command; a text is what could not be read as JSON. */
  const isParams = (params) =>
    typeof params === 'object' &&
    params !== null &&
    !Array.isArray(params) &&
    Object.values(params).every((value) => ['string', 'number', 'boolean'].includes(typeof value));

  /** "ev_charger/1" */
  const componentOf = ({ type, index }) => (index === undefined ? type : `${type}/${index}`);

  /**
   * A list over a text field that keeps the value: shown while there is something to choose from.
   * @param options values that are offered; a value of the field that is not among them stays
   */
  const offer = (node, name, options) => {
    const input = $(`#node-input-${name}`).toggle(options.length === 0);
    const select = $(`#ems-choose-${name}`)
      .toggle(options.length > 0)
      .empty();
    const value = input.val();
    $(`#ems-row-${name} > label`).attr('for', options.length > 0 ? `ems-choose-${name}` : `node-input-${name}`);
    $('<option>', { value: '' }).text(text(node, 'choice.message')).appendTo(select);
    for (const option of new Set([...options, value]))
      if (option !== '') $('<option>', { value: option }).text(option).appendTo(select);
    select.val(value);
  };

  const command = {
    prepare(node) {
      command.devices = new Map();
      /** Parameters by name; a text: what was typed and is no JSON. */
      command.params = typeof node.params === 'string' ? node.params : { ...node.params };
      for (const name of ['component', 'command'])
        $(`#ems-choose-${name}`).on('change', (event) => {
          $(`#node-input-${name}`).val(event.target.value);
          command.changed(node, name);
        });
      for (const name of ['device', 'component', 'command'])
        $(`#node-input-${name}`)
          .on('input', () => command.show(node))
          .on('change', () => command.changed(node, name));
      $('#ems-params-json').on('input', () => command.takeJson(node));
      command.show(node);
      command.learn(node);
    },
    /** Who can be told what, from the devices this runtime knows. */
    async learn(node) {
      const known = await ask('GET', 'ems/directory');
      if (!Array.isArray(known)) return;
      $('#ems-list-steered').remove();
      const list = $('<datalist>', { id: 'ems-list-steered' }).appendTo('#dialog-form');
      for (const { meta } of known) {
        const steered = meta.components.filter(({ commands }) => Object.keys(commands ?? {}).length > 0);
        if (steered.length === 0) continue;
        command.devices.set(
          meta.device,
          new Map(steered.map((component) => [componentOf(component), component.commands])),
        );
        const told = [meta.name, [meta.vendor, meta.model].filter(Boolean).join(' ')].filter(Boolean).join(', ');
        $('<option>', { value: meta.device, label: told }).appendTo(list);
      }
      command.show(node);
    },
    value: (name) => $(`#node-input-${name}`).val().trim(),
    components: () => command.devices.get(command.value('device')) ?? new Map(),
    commands: () => command.components().get(command.value('component')) ?? {},
    meta() {
      const commands = command.commands();
      const chosen = command.value('command');
      return Object.hasOwn(commands, chosen) ? commands[chosen] : undefined;
    },
    /** The user chose something else: what does not fit it goes. */
    changed(node, name) {
      const components = command.components();
      const component = $('#node-input-component');
      if (name === 'device' && components.size > 0 && !components.has(component.val()))
        component.val(components.size === 1 ? [...components.keys()][0] : '');
      const commands = command.commands();
      const chosen = $('#node-input-command');
      if (name !== 'command' && Object.keys(commands).length > 0 && !Object.hasOwn(commands, chosen.val()))
        chosen.val('');
      const params = command.meta()?.params;
      if (params && typeof command.params !== 'string')
        command.params = Object.fromEntries(
          Object.entries(command.params).filter(([key]) => Object.hasOwn(params, key)),
        );
      command.show(node);
    },
    show(node) {
      const components = [...command.components().keys()];
      if (components.length === 1 && command.value('component') === '') $('#node-input-component').val(components[0]);
      offer(node, 'component', components);
      offer(node, 'command', Object.keys(command.commands()));
      const meta = command.meta();
      command.showMeaning(node, meta);
      const { min_s: min, max_s: max } = meta?.lease ?? {};
      $('#ems-row-lease').toggle(meta === undefined || !['config', 'action', 'release'].includes(meta.kind));
      $('#ems-lease-range').text(
        max === undefined ? '' : text(node, 'range.here', { span: spanOf({ min, max, unit: 's' }) }),
      );
      const isJson = meta === undefined || typeof command.params === 'string';
      $('#ems-params-json').toggle(isJson);
      $('#ems-command-params').toggle(!isJson);
      const isAny = isJson || Object.keys({ ...meta.params, ...command.params }).length > 0;
      $('#ems-row-params').toggle(command.value('command') !== '' && isAny);
      if (isJson) command.showJson(node);
      else command.showParams(node, meta.params);
    },
    showMeaning(node, meta) {
      const target = $('#ems-command-meaning').empty();
      if (!meta) return;
      const { kind, fallback, verification, verify_s: s, watchdog_s: watchdog, persistent } = meta;
      const { latency_s: latency, time_constant_s: constant } = meta;
      const state =
        typeof fallback === 'object' && fallback !== null
          ? Object.entries(fallback)
              .map((pair) => pair.join(' '))
              .join(', ')
          : fallback;
      const lines = [
        kind && text(node, `meaning.${kind}`),
        state !== undefined && text(node, 'meaning.fallback', { state }),
        verification && text(node, `meaning.${verification}`, { s }),
        latency !== undefined && text(node, 'meaning.latency', { s: latency }),
        // After three time constants 95 % is done.
        constant !== undefined && text(node, 'meaning.following', { s: Math.round(3 * constant) }),
        watchdog !== undefined && text(node, 'meaning.watchdog', { s: watchdog }),
        persistent && text(node, 'meaning.persistent'),
      ];
      for (const line of lines) if (line) $('<div class="ems-hint">').text(line).appendTo(target);
    },
    showParams(node, known) {
      const box = $('#ems-command-params').empty();
      for (const name of Object.keys({ ...known, ...command.params })) {
        const range = known[name] ?? { strange: true };
        const id = `ems-param-${name}`;
        const row = $('<div class="form-row">').appendTo(box);
        $('<label>', { for: id }).text(name).appendTo(row);
        const value = String(command.params[name] ?? '');
        const field = command.field(range, value).attr({ id, 'data-name': name }).appendTo(row);
        const check = () => field.toggleClass('input-error', command.isWrong(range, field.val()));
        field.on('input change', () => {
          command.params = { ...command.params, [name]: field.val() };
          check();
        });
        check();
        $('<div class="ems-hint">').text(command.rangeText(node, range)).appendTo(row);
      }
    },
    /** Without unit and range, and not a choice: yes or no. */
    isSwitch: ({ unit, min, max, choices, strange }) =>
      choices === undefined && unit === undefined && min === undefined && max === undefined && !strange,
    isWrong: ({ min, max, zero }, value) =>
      (min !== undefined || max !== undefined) && faultOf(value, { min, max, zero }) !== undefined,
    field(range, value) {
      const choices = command.isSwitch(range) ? ['true', 'false'] : range.choices;
      if (!choices)
        return $('<input type="text" autocomplete="off">')
          .attr('placeholder', range.default ?? null)
          .val(value);
      const select = $('<select>');
      for (const choice of new Set(['', ...choices, value]))
        $('<option>', { value: choice })
          .text(choice === '' ? '–' : choice)
          .appendTo(select);
      return select.val(value);
    },
    rangeText(node, range) {
      const { min, max, step, zero, choices, optional, default: usual, limited_by: limit, strange } = range;
      const said = (key, values) => text(node, `range.${key}`, values);
      const span = spanOf(range);
      const facts = [
        strange && said('strange'),
        !strange && !choices && !command.isSwitch(range) && (zero && min > 0 ? said('zero', { span }) : span),
        choices?.join(', '),
        command.isSwitch(range) && 'true, false',
        step !== undefined && max !== undefined && said('step', { step }),
        limit && said('limit', { limit }),
        usual !== undefined && said('default', { value: usual }),
        optional && usual === undefined && said('optional'),
      ];
      return facts.filter(Boolean).join('; ');
    },
    showJson(node) {
      const field = $('#ems-params-json');
      if (field.is(':focus')) return;
      const { params } = command;
      field.val(typeof params === 'string' ? params : Object.keys(params).length > 0 ? JSON.stringify(params) : '');
      command.complain(node);
    },
    takeJson(node) {
      const typed = $('#ems-params-json').val().trim();
      try {
        const read = typed === '' ? {} : JSON.parse(typed);
        command.params = isParams(read) ? read : typed;
      } catch {
        command.params = typed;
      }
      command.complain(node);
    },
    complain(node) {
      const fault = emsEditor.params.call(node, command.params);
      const isWrong = fault !== true;
      $('#ems-params-json').toggleClass('input-error', isWrong);
      $('#ems-params-fault')
        .toggle(isWrong)
        .text(isWrong ? fault : '');
    },
    save(node) {
      node.params =
        typeof command.params === 'string'
          ? command.params
          : Object.fromEntries(Object.entries(command.params).filter(([, value]) => value !== ''));
    },
    close() {},
  };

  const subscribe = {
    prepare() {
      const uses = {
        readings: ['device', 'quantity', 'site', 'directory'],
        site: ['site', 'directory'],
        commands: ['device', 'site'],
        responses: ['device', 'site'],
        events: ['device', 'site'],
        system: [],
        everything: ['directory'],
        pattern: ['pattern'],
      };
      const show = () => {
        const wanted = uses[$('#node-input-what').val()] ?? [];
        for (const kind of ['device', 'quantity', 'site', 'pattern', 'directory'])
          $(`.ems-when-${kind}`).toggle(wanted.includes(kind));
      };
      $('#node-input-what').on('change', show);
      show();
      fillLists();
    },
    save() {},
    close() {},
  };

  const pick = {
    prepare(node) {
      const list = $('#node-input-choices-list');
      const column = (name) => text(node, `column.${name}`);
      list.editableList({
        addButton: true,
        removable: true,
        sortable: true,
        height: 'auto',
        addItem(row, _index, item) {
          const box = $('<div class="ems-choice">').appendTo(row);
          for (const name of ['topic', 'field', 'name'])
            $('<input type="text" autocomplete="off">')
              .attr({ placeholder: column(name), 'data-name': name })
              .attr('list', name === 'topic' ? 'ems-list-topics' : null)
              .val(item[name] ?? '')
              .appendTo(box);
        },
      });
      for (const choice of node.choices ?? []) list.editableList('addItem', choice);
      fillLists();
    },
    save(node) {
      node.choices = $('#node-input-choices-list .ems-choice')
        .map((_, box) => {
          const of = (name) => $(box).find(`[data-name=${name}]`).val().trim();
          return { topic: of('topic'), field: of('field'), name: of('name') };
        })
        .get()
        .filter(({ topic }) => topic !== '');
    },
    close() {},
  };

  window.emsEditor = {
    broker,
    site,
    modbusClient,
    modbus,
    command,
    subscribe,
    pick,
    /** What forms in files of their own are made with. */
    kit: { ask, text, labelOf, isEnv, showResult, repeat, wireLive },

    /** @returns a validator of a number within bounds; an empty field is the default, or means none */
    number: (name, min, max) =>
      function (value, _options) {
        if (value === '' || value === undefined || isEnv(value)) return true;
        const number = Number(value);
        if (Number.isFinite(number) && number >= min && number <= max) return true;
        return text(this, 'error.number', { label: labelOf(this, name), min, max });
      },
    id: (name, isRequired) =>
      function (value, _options) {
        if (isEnv(value ?? '') || (!isRequired && !value) || idPattern.test(value ?? '')) return true;
        return text(this, 'error.id', { label: labelOf(this, name) });
      },
    /** A level of a topic, or two with an index: "battery", "ev_charger/1". */
    word: (name, pattern) =>
      function (value, _options) {
        if (!value || isEnv(value) || pattern.test(value)) return true;
        return text(this, `error.${name}`, { label: labelOf(this, name) });
      },
    params(params, _options) {
      if (params === undefined || isParams(params)) return true;
      return text(this, 'error.params', { label: labelOf(this, 'params') });
    },
    settings(settings, _options) {
      const { settings: known = {} } = modbus.profiles?.find(({ id }) => id === this.profile) ?? {};
      for (const [name, value] of Object.entries(settings ?? {})) {
        const { title = name, min, max } = known[name] ?? {};
        const fault = faultOf(value, { min, max });
        if (fault === 'text') return text(this, 'error.setting', { title, value });
        if (fault === 'range') return text(this, 'error.settingRange', { title, span: spanOf({ min, max }) });
      }
      return true;
    },
    servers(servers, _options) {
      if (!Array.isArray(servers) || servers.length === 0) return text(this, 'error.noServer');
      const wrong = servers.find((server) => !isEnv(server) && !serverPattern.test(server));
      if (wrong !== undefined) return text(this, 'error.servers', { server: wrong });
      const first = servers.findIndex((server) => isEncrypted(server));
      const plain =
        first < 0 ? undefined : servers.slice(first).find((server) => !isEnv(server) && !isEncrypted(server));
      return plain === undefined || this.plainFallback ? true : text(this, 'error.plainFallback', { server: plain });
    },
    choices(choices, _options) {
      const isChosen = Array.isArray(choices) && choices.some(({ topic }) => topic);
      return isChosen ? true : text(this, 'error.choices');
    },
    profile(value, _options) {
      if (!value) return true;
      try {
        JSON.parse(value);
      } catch (error) {
        return text(this, 'error.json', { reason: error.message });
      }
      const fault = modbus.faults.get(value);
      return fault === undefined ? true : text(this, 'error.profile', { reason: fault });
    },
  };

  /** A node that an earlier version made has no value for what is new: its form shows what the runtime takes instead. */
  const showDefaults = (node) => {
    for (const [name, { value }] of Object.entries(node._def.defaults)) {
      if (node[name] !== undefined) continue;
      const field = $(`#node-input-${name}, #node-config-input-${name}`);
      if (field.is(':checkbox')) field.prop('checked', value);
      else field.val(value);
    }
  };
  RED.events.on('registry:node-type-added', (type) => {
    if (!type.startsWith('ems-')) return;
    const definition = RED.nodes.getType(type);
    const { oneditprepare: prepare } = definition;
    definition.oneditprepare = function () {
      showDefaults(this);
      prepare?.call(this);
    };
  });

  // The runtime sends a text in its own language and, beside it, what it means: each browser says it in its own.
  const meanings = new Map();
  const translate = (id) => {
    const node = RED.nodes.node(id);
    const meaning = meanings.get(id);
    if (!node?.status || !meaning) return;
    node.status.text = node._(meaning.key, spoken(node, meaning.params));
    node.dirty = true;
    node.dirtyStatus = true;
    RED.view.redrawStatus(node);
  };
  RED.comms.subscribe('ems/status/#', (topic, meaning) => {
    const id = topic.slice('ems/status/'.length);
    meanings.set(id, meaning);
    translate(id);
  });
  // After the editor's own handler, which puts the runtime's text back.
  RED.comms.subscribe('status/#', (topic) => setTimeout(() => translate(topic.slice('status/'.length)), 0));
})();
