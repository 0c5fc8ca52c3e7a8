/**
 * The forms of the OCPP server and of charge points, in one file: the editor starts scripts in any order.
 * First what both share: what to type into a box, and fields as they are typed.
 */
(() => {
  if (emsEditor.ocpp) return;

  const { text } = emsEditor.kit;

  const style = document.createElement('style');
  style.textContent = `
    .ems-beside { display: inline-flex; align-items: center; gap: 6px; width: calc(96% - 130px); vertical-align: middle; }
    .ems-form .ems-beside > input { flex: 1; width: auto; min-width: 0; margin: 0; }
    .ems-form .form-row > textarea.ems-lines { width: calc(96% - 130px); box-sizing: border-box; font-family: monospace; resize: vertical; vertical-align: top; }
    .ems-urls { display: inline-block; width: calc(96% - 130px); vertical-align: top; }
    .ems-url { display: flex; align-items: center; gap: 6px; }
    .ems-url + .ems-url { margin-top: 4px; }
    .ems-url > code { flex: 1; padding: 6px 8px; overflow-wrap: anywhere; white-space: normal; line-height: 1.3; border: 1px solid var(--red-ui-form-input-border-color); border-radius: 4px; background: var(--red-ui-form-input-background); color: var(--red-ui-form-text-color); }
    .ems-warning, .ems-hint.ems-warning { color: var(--red-ui-text-color-warning); }
    .ems-urls > .ems-warning { margin-top: 4px; font-size: 12px; line-height: 1.35; }
  `;
  document.head.appendChild(style);

  /** By type, the node whose form was opened last: while it is open, its fields go before what the node says. */
  const edited = new Map();
  const fieldOf = (node, name) => {
    const isOpen = edited.get(node.type) === node;
    const field = isOpen ? $(node.type === 'ems-ocpp' ? `#node-input-${name}` : `#node-config-input-${name}`) : [];
    return String((field.length > 0 ? field.val() : node[name]) ?? '').trim();
  };

  /** A flow that was written by hand leaves out what is usual; a list would show nothing. */
  const chooseUsual = (node, prefix, names) => {
    for (const name of names) if (!node[name]) $(`#${prefix}-${name}`).val(node._def.defaults[name].value);
  };

  /** The addresses of the machine that runs Node-RED, once they are known. */
  let machine = [];

  const isLoopback = (host) => /^(localhost|127\.[\d.]+|::1|\[::1\])$/.test(host);
  const inUrl = (host) => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

  /** Where a box reaches a server: one that listens everywhere, under every address of its machine. */
  const hostsOf = (host) => {
    if (!['', '0.0.0.0', '::'].includes(host)) return [inUrl(host)];
    const listed = machine.filter(({ isIpv6 }) => host !== '0.0.0.0' || !isIpv6).map(({ address }) => inUrl(address));
    const shown = isLoopback(location.hostname) ? listed : [...new Set([location.hostname, ...listed])];
    return shown.length > 0 ? shown : [location.hostname];
  };

  const isOnlyHere = (url) => /^wss?:\/\/(localhost|127\.[\d.]+|\[::1\]):/.test(url);

  /**
   * What to type into a box.
   * @param identity empty: where it goes is said in words
   * @returns one URL for each address and port that the station may dial, the plain ones first
   */
  const urlsOf = (node, { host, port, tlsPort }, identity, isTlsNeeded) => {
    const last = identity === '' ? `<${text(node, 'url.identity')}>` : encodeURIComponent(identity);
    const urls = (scheme, at) => hostsOf(host).map((each) => `${scheme}://${each}:${at}/${last}`);
    return [...(port === '' || isTlsNeeded ? [] : urls('ws', port)), ...(tlsPort === '' ? [] : urls('wss', tlsPort))];
  };

  const copyButton = (node, value) =>
    $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small', title: text(node, 'url.copy') })
      .append($('<i class="fa fa-clone">'))
      .on('click', (event) => RED.clipboard.copyText(value(), $(event.currentTarget), 'clipboard.copyMessageValue'));

  /** Drawn anew only where something else is to be seen: somebody may be about to copy. */
  const showUrls = (node, target, urls) => {
    const box = $(target);
    if (box.data('shown') === urls.join()) return;
    box.data('shown', urls.join()).empty();
    for (const url of urls)
      $('<div class="ems-url">')
        .append($('<code>').text(url))
        .append(copyButton(node, () => url))
        .appendTo(box);
    if (urls.some((url) => isOnlyHere(url))) $('<div class="ems-warning">').text(text(node, 'url.local')).appendTo(box);
  };

  const listed = (parts) => parts.filter((part) => part !== undefined && part !== '').join(' · ');

  const whenOf = (at) => {
    const time = new Date(at);
    const isToday = time.toDateString() === new Date().toDateString();
    return isToday ? time.toLocaleTimeString() : time.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' });
  };

  emsEditor.ocpp = {
    /** How often is asked who waits. */
    lookEveryMs: 3000,
    /** Learns the addresses of the machine, and shows what depends on them anew. */
    async learn(show) {
      machine = await emsListen.addresses();
      show();
    },
    edited,
    fieldOf,
    chooseUsual,
    urlsOf,
    showUrls,
    copyButton,
    listed,
    whenOf,
  };
})();

/**
 * The form of the OCPP server: who waits at the door and may be let in, and who was refused and why. What stations say
 * of themselves is shown as text only.
 */
(() => {
  if (emsEditor.ocppServer) return;

  const { ask, text, isEnv, showResult, repeat } = emsEditor.kit;
  const { lookEveryMs, learn, edited, fieldOf, chooseUsual, urlsOf, showUrls, listed, whenOf } = emsEditor.ocpp;

  const style = document.createElement('style');
  style.textContent = `
    .ems-stations { margin: 16px 0 12px; }
    .ems-stations-title { display: flex; justify-content: space-between; gap: 12px; padding-bottom: 6px; border-bottom: 1px solid var(--red-ui-secondary-border-color); color: var(--red-ui-primary-text-color); }
    .ems-stations-title > :first-child { font-weight: 600; }
    .ems-stations > .ems-hint { margin: 8px 0 0 0; }
    .ems-station { padding: 10px 0; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
    .ems-station-name { display: flex; justify-content: space-between; gap: 12px; color: var(--red-ui-primary-text-color); }
    .ems-station-name > :first-child { font-weight: 600; overflow-wrap: anywhere; }
    .ems-station-name > :last-child { white-space: nowrap; }
    .ems-station > .ems-hint { margin: 2px 0 0 0; overflow-wrap: anywhere; }
    .ems-form label.ems-station-adopt { display: flex; align-items: center; gap: 6px; width: auto; margin: 8px 0 0 0; }
    .ems-form .ems-station-adopt > input { width: auto; margin: 0; }
    .ems-station-buttons { display: flex; gap: 6px; margin-top: 8px; }
    .ems-form .ems-station-buttons > select { flex: 1; width: auto; min-width: 0; margin: 0; }
    .ems-station > .ems-result { margin: 6px 0 0 0; }
    .ems-refusals td { vertical-align: top; }
    .ems-refusals td:nth-child(-n + 2) { white-space: nowrap; }
    .ems-refusals td:nth-child(n + 3) { overflow-wrap: anywhere; }
  `;
  document.head.appendChild(style);

  const expirySoonDays = 30;

  const server = {
    prepare(node) {
      edited.set(node.type, node);
      chooseUsual(node, 'node-config-input', ['unknown']);
      /** What is shown of the stations that wait, by identity. */
      server.cards = new Map();
      const show = () => server.showUrls(node);
      for (const name of ['host', 'port', 'tlsPort']) $(`#node-config-input-${name}`).on('input change', show);
      show();
      emsListen.create(node);
      learn(show);
      repeat('#ems-ocpp-stations', lookEveryMs, () => server.look(node));
    },
    showUrls(node) {
      const [host, port, tlsPort] = ['host', 'port', 'tlsPort'].map((name) => fieldOf(node, name));
      showUrls(node, '#ems-ocpp-server-urls', urlsOf(node, { host, port, tlsPort }, '', false));
    },
    async look(node) {
      const told = await ask('GET', `ems/ocpp/${node.id}/stations`);
      const { error, isDeployed = true, ports = [], connected, pending = [], rejected = [], refusals = [] } = told;
      const state = isDeployed ? (ports.length > 0 ? 'open' : 'closed') : 'deploy';
      $('#ems-ocpp-state').text(error ?? text(node, `stations.${state}`, { n: connected, ports: ports.join(', ') }));
      server.showWaiting(node, pending);
      $('#ems-ocpp-nobody').toggle(!error && pending.length === 0);
      server.showRejected(node, rejected);
      server.showRefusals(node, refusals);
      server.showCertificate(node, told.certificate);
    },
    /** What new connections are shown, and what is to be done about it. */
    showCertificate(node, certificate) {
      $('#ems-ocpp-certificate').toggle(certificate !== undefined);
      if (!certificate) return;
      const { subject, expiresAt, daysLeft, fault } = certificate;
      const date = new Date(expiresAt).toLocaleDateString();
      const key = daysLeft < 0 ? 'expired' : daysLeft <= expirySoonDays ? 'expiring' : 'valid';
      const words = [
        text(node, `certificate.${key}`, { subject, date, days: daysLeft }),
        fault &&
          text(node, 'certificate.kept', { reason: text(node, `certificate.fault.${fault.code}`, fault.params) }),
      ];
      $('#ems-ocpp-certificate')
        .toggleClass('ems-warning', key !== 'valid' || fault !== undefined)
        .text(words.filter(Boolean).join(' '));
    },
    /** Cards stay as they are while somebody chooses in them. */
    showWaiting(node, pending) {
      for (const [identity, { box }] of server.cards) {
        if (pending.some((station) => station.identity === identity)) continue;
        box.remove();
        server.cards.delete(identity);
      }
      for (const station of pending) {
        const { identity } = station;
        if (!server.cards.has(identity)) server.cards.set(identity, server.addCard(node, identity));
        server.fillCard(node, server.cards.get(identity), station);
      }
    },
    /** The devices whose nodes wait for a station of this server. */
    devicesOf(node) {
      const devices = [];
      RED.nodes.eachNode(({ type, d: isDisabled, server: id, identity, device }) => {
        if (type === 'ems-ocpp' && !isDisabled && id === node.id && !identity && device) devices.push(device);
      });
      return devices.sort();
    },
    addCard(node, identity) {
      const box = $('<div class="ems-station">').attr('data-identity', identity).appendTo('#ems-ocpp-waiting');
      const name = $('<div class="ems-station-name">').append($('<span>').text(identity)).appendTo(box);
      const way = $('<span>').appendTo(name);
      const what = $('<div class="ems-hint">').appendTo(box);
      const where = $('<div class="ems-hint">').appendTo(box);
      const trust = $('<input type="checkbox" class="ems-check ems-adopt">');
      const adopt = $('<label class="ems-station-adopt">')
        .append(trust, $('<span>').text(text(node, 'stations.adopt')))
        .attr('title', text(node, 'stations.adoptHint'))
        .appendTo(box);
      const buttons = $('<div class="ems-station-buttons">').appendTo(box);
      const result = $('<div class="ems-result">').appendTo(box);
      const devices = server.devicesOf(node);
      const select = $('<select>', { 'aria-label': text(node, 'stations.device') }).appendTo(buttons);
      if (devices.length !== 1) $('<option>', { value: '' }).text(text(node, 'stations.device')).appendTo(select);
      for (const device of devices) $('<option>', { value: device }).text(device).appendTo(select);
      const button = (word, run) =>
        $('<button>', { type: 'button', class: `red-ui-button ems-${word}` })
          .text(text(node, `stations.${word}`))
          .on('click', run)
          .appendTo(buttons);
      const approve = button('approve', () =>
        server.decide(node, result, {
          decision: 'approve',
          identity,
          device: select.val(),
          adopt: trust.prop('checked') && trust.is(':visible'),
        }),
      );
      button('reject', () => server.decide(node, result, { decision: 'reject', identity }));
      const allow = () => approve.prop('disabled', select.val() === '');
      select.on('change', allow).toggle(devices.length > 0);
      allow();
      if (devices.length === 0) result.text(text(node, 'stations.noDevice'));
      return { box, way, what, where, adopt };
    },
    fillCard(node, { way, what, where, adopt }, station) {
      const { version, isSecure, vendor, model, serial, firmware, address, hasPassword, lastSeen } = station;
      const said = (key, value) => value && text(node, `stations.${key}`, { value });
      way.text(listed([`OCPP ${version}`, isSecure ? 'wss' : 'ws']));
      what.text(
        listed([[vendor, model].filter(Boolean).join(' '), said('serial', serial), said('firmware', firmware)]) ||
          text(node, 'stations.silent'),
      );
      const password = text(node, `stations.${hasPassword ? 'withPassword' : 'withoutPassword'}`);
      adopt.toggle(hasPassword);
      where.text(listed([address, password, said('seen', whenOf(lastSeen))]));
    },
    async decide(node, result, wish) {
      const { error } = await ask('POST', `ems/ocpp/${node.id}/decide`, wish);
      showResult(result, { error });
      server.look(node);
    },
    /** Those who stay out until somebody takes them back. */
    showRejected(node, rejected) {
      const target = $('#ems-ocpp-rejected').toggle(rejected.length > 0);
      const told = JSON.stringify(rejected);
      if (target.data('shown') === told) return;
      target.data('shown', told).empty();
      $('<div class="ems-stations-title">')
        .append($('<span>').text(text(node, 'rejected.title')))
        .appendTo(target);
      for (const { identity, vendor, model, address, at } of rejected) {
        const box = $('<div class="ems-station">').attr('data-identity', identity).appendTo(target);
        const name = $('<div class="ems-station-name">').append($('<span>').text(identity)).appendTo(box);
        const since = text(node, 'rejected.since', { value: whenOf(at) });
        $('<div class="ems-hint">')
          .text(listed([[vendor, model].filter(Boolean).join(' '), address, since]))
          .appendTo(box);
        const result = $('<div class="ems-result">').appendTo(box);
        $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small ems-take-back' })
          .text(text(node, 'rejected.takeBack'))
          .on('click', () => server.decide(node, result, { decision: 'take_back', identity }))
          .appendTo(name);
      }
    },
    showRefusals(node, refusals) {
      $('#ems-ocpp-refused').text(text(node, 'refusals.title', { n: refusals.length }));
      const target = $('#ems-ocpp-refusals');
      const told = JSON.stringify(refusals);
      // Left alone where it says the same: somebody may be copying a reason.
      if (target.data('shown') === told) return;
      target.data('shown', told).empty();
      if (refusals.length === 0) {
        target.text(text(node, 'refusals.none'));
        return;
      }
      const table = $('<table>').appendTo(target);
      const head = $('<tr>').appendTo(table);
      for (const column of ['time', 'address', 'identity', 'reason'])
        $('<th>')
          .text(text(node, `refusals.${column}`))
          .appendTo(head);
      for (const { at, address, identity, code, params, count } of refusals) {
        const often = count > 1 ? ` (${text(node, 'refusals.often', { n: count })})` : '';
        const row = $('<tr>').appendTo(table);
        for (const content of [whenOf(at), address, identity ?? '–', text(node, `reason.${code}`, params) + often])
          $('<td>').text(content).appendTo(row);
      }
    },

    port(value, options) {
      if (fieldOf(this, 'port') === '' && fieldOf(this, 'tlsPort') === '') return text(this, 'error.noPort');
      return emsEditor.number('port', 1, 65535).call(this, value, options);
    },
    tlsPort(value, options) {
      const isSecured = !['', '_ADD_'].includes(fieldOf(this, 'tls'));
      if (value && !isSecured) return text(this, 'error.noTls');
      if (value && String(value) === fieldOf(this, 'port')) return text(this, 'error.samePort');
      return emsEditor.number('tlsPort', 1, 65535).call(this, value, options);
    },
    certificateHeader(value, _options) {
      return isEnv(value ?? '') || /^[\w-]*$/.test(value ?? '') ? true : text(this, 'error.header');
    },
    proxies(value, _options) {
      const given = (value ?? '').split(',').map((each) => each.trim());
      const wrong = given.find((each) => each !== '' && !isEnv(each) && !/^[0-9a-f:.]+(\/\d{1,3})?$/i.test(each));
      return wrong === undefined ? true : text(this, 'error.proxy', { value: wrong });
    },
  };

  emsEditor.ocppServer = server;
})();

/** The form of a charge point: which station it is for, who may charge there, and what securing it needs. */
(() => {
  if (emsEditor.chargePoint) return;

  const { ask, text, labelOf, isEnv, showResult, repeat, wireLive } = emsEditor.kit;
  const { lookEveryMs, learn, edited, fieldOf, chooseUsual, urlsOf, showUrls, copyButton, listed, whenOf } =
    emsEditor.ocpp;

  const longestIdentity = 48;
  const longestTag = 36;

  /** Characters that no identity holds; control characters among them. */
  const isIdentity = (value) => value.length <= longestIdentity && !/[\p{C}/#?]/u.test(value);

  /** "04A2B3C4; 2027-12-31; blocked" */
  const isTag = (line) => {
    const [id = '', ...words] = line.split(';').map((each) => each.trim());
    const dates = words.filter((each) => each !== '' && each !== 'blocked');
    return (
      id !== '' && id.length <= longestTag && dates.length <= 1 && !dates.some((each) => Number.isNaN(Date.parse(each)))
    );
  };

  const linesOf = (value) =>
    String(value ?? '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');

  const shortestPassword = 16;
  const longestPassword = 255;

  /** OCPP 1.6 security whitepaper, AuthorizationKey: 32 to 40 hex digits are half as many bytes. */
  const bytesOf = (password) => {
    if (/^([0-9a-f]{2}){16,20}$/i.test(password)) return password.length / 2;
    return new TextEncoder().encode(password).length;
  };

  const generatePassword = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

  /** @returns by row of the table, its lines */
  const stationRows = (node, sheet) => {
    const { isConnected, version, boot = {}, evses, preset, quirks, settings, measurands, limit, fallback } = sheet;
    const word = (key, values) => text(node, `station.${key}`, values);
    const plain = (value) => {
      if (typeof value === 'boolean') return word(value ? 'yes' : 'no');
      if (Array.isArray(value)) return value.join(', ');
      return typeof value === 'object'
        ? Object.entries(value)
            .map(([key, each]) => `${key}: ${plain(each)}`)
            .join(', ')
        : String(value);
    };
    const facts = (about, values) =>
      listed(Object.entries(values).map(([key, value]) => word(`${about}.${key}`, { value: plain(value) })));
    const said = (key, value) => (value ? word(key, { value }) : '');
    return [
      [
        'who',
        [
          listed([
            [boot.vendor, boot.model].filter(Boolean).join(' '),
            said('serial', boot.serial),
            said('firmware', boot.firmware),
          ]),
        ],
      ],
      [
        'version',
        [listed([version, word(isConnected ? 'online' : 'offline'), sheet.isPasswordOld ? word('oldPassword') : ''])],
      ],
      ['evses', [evses.join(', ')]],
      ['preset', [preset]],
      ['quirks', [facts('quirk', quirks)]],
      ['settings', [facts('says', settings)]],
      ['measurands', [measurands?.split(',').join(', ')]],
      [
        'limit',
        [
          limit
            ? listed(
                [
                  limit.purpose,
                  limit.kind,
                  word('level', { value: limit.stackLevel }),
                  limit.unit,
                  limit.saysPhases && word('phases'),
                ].filter(Boolean),
              )
            : word('unknown'),
        ],
      ],
      ['fallback', [word(`fallback.${fallback.why}`, { s: fallback.afterS })]],
      ['others', sheet.others.length > 0 ? sheet.others : [word('nobody')]],
      [
        'refused',
        sheet.refused.length > 0
          ? sheet.refused.map(({ at, times, asked, answer }) =>
              listed([whenOf(at), `${asked}: ${answer}`, times > 1 ? word('times', { value: times }) : '']),
            )
          : [word('all')],
      ],
    ];
  };

  const chargePoint = {
    prepare(node) {
      edited.set(node.type, node);
      chooseUsual(node, 'node-input', ['phases', 'authorise', 'security', 'version', 'foreign', 'forwardMode']);
      const show = () => chargePoint.show(node);
      for (const name of ['server', 'identity', 'authorise', 'security', 'forwardUrl'])
        $(`#node-input-${name}`).on('input change', show);
      $('#node-input-server').on('change', () => chargePoint.look(node));
      $('#ems-ocpp-generate').on('click', () => chargePoint.generate(node));
      copyButton(node, () => $('#node-input-password').val())
        .attr('id', 'ems-ocpp-copy')
        .hide()
        .appendTo('#ems-row-password > .ems-beside');
      learn(show);
      chargePoint.fillPresets(node);
      chargePoint.references = emsReferences.create(node, 'devices', 'device');
      wireLive(node, 'ocpp');
      $('#ems-station-sheet').on('toggle', () => chargePoint.showStation(node));
      repeat('#ems-station-sheet', lookEveryMs, () => chargePoint.showStation(node));
      repeat('#ems-ocpp-urls', lookEveryMs, () => chargePoint.look(node));
    },
    save: () => ({ history: chargePoint.references.save() }),
    server: () => RED.nodes.node($('#node-input-server').val()),
    async fillPresets(node) {
      const select = $('#node-input-preset');
      const fill = (presets, chosen) => {
        select.children('[value!=""]').remove();
        const isKnown = chosen === '' || presets.some(({ id }) => id === chosen);
        for (const { id, title } of isKnown ? presets : [...presets, { id: chosen, title: chosen }])
          $('<option>', { value: id }).text(title).appendTo(select);
        select.val(chosen);
      };
      // What was chosen stays, also where the list does not come.
      fill([], node.preset ?? '');
      const presets = await ask('GET', 'ems/ocpp-presets');
      if (Array.isArray(presets)) fill(presets, select.val());
    },
    /** Offers the stations that wait at the door of the chosen server. */
    async look(node) {
      chargePoint.show(node);
      const id = chargePoint.server()?.id;
      const { pending = [] } = id ? await ask('GET', `ems/ocpp/${id}/stations`) : {};
      const list = $('#ems-list-waiting').empty();
      for (const { identity, vendor, model, address } of pending)
        $('<option>', {
          value: identity,
          label: listed([[vendor, model].filter(Boolean).join(' '), address]),
        }).appendTo(list);
      $('#ems-ocpp-waiting-now')
        .toggle(pending.length > 0)
        .text(text(node, 'url.waiting', { value: pending.map(({ identity }) => identity).join(', ') }));
    },
    show(node) {
      const [authorise, security] = ['authorise', 'security'].map((name) => fieldOf(node, name));
      const hasPassword = security === '1' || security === '2';
      $('#ems-row-tags').toggle(authorise !== 'free');
      $('#ems-row-onePlace').toggle(authorise === 'list');
      $('#ems-row-autostart').toggle(authorise === 'free');
      $('#ems-row-password, #ems-row-weak, #ems-row-shutOut').toggle(hasPassword);
      $('#ems-row-certificateNames').toggle(security === '3');
      const isForwarded = fieldOf(node, 'forwardUrl') !== '';
      $('#ems-row-forwardMode, #ems-row-forwardPassword').toggle(isForwarded);
      $('#ems-row-foreign').toggle(!isForwarded);
      $('#ems-ocpp-authorise').text(text(node, `meaning.${authorise}`));
      $('#ems-ocpp-security').text(text(node, `needs.${security}`));
      chargePoint.showServer(node, Number(security));
    },
    showServer(node, security) {
      const { host = '', port = '', tlsPort = '', clientCertificates } = chargePoint.server() ?? {};
      const isTlsNeeded = security >= 2;
      const isSet = tlsPort !== '';
      const warnings = [
        security === 1 && 'plain',
        chargePoint.server() && isTlsNeeded && !isSet && 'noTls',
        chargePoint.server() && security === 3 && isSet && !clientCertificates && 'noCertificates',
      ].filter(Boolean);
      $('#ems-ocpp-warning')
        .toggle(warnings.length > 0)
        .text(warnings.map((key) => text(node, `warning.${key}`)).join(' '));
      const ports = { host, port: String(port), tlsPort: String(tlsPort) };
      showUrls(node, '#ems-ocpp-urls', urlsOf(node, ports, fieldOf(node, 'identity'), isTlsNeeded));
    },
    /** What is known of the station, as long as somebody looks at it. What it says of itself is shown as text only. */
    async showStation(node) {
      if (!$('#ems-station-sheet').prop('open')) return;
      const sheet = await ask('GET', `ems/ocpp/station/${node.id}`);
      const target = $('#ems-station-table').empty();
      if (!sheet.settings) {
        target.text(text(node, 'station.none'));
        return;
      }
      const table = $('<table>').appendTo(target);
      for (const [row, lines] of stationRows(node, sheet)) {
        const shown = lines.filter((line) => line !== undefined && line !== '');
        if (shown.length === 0) continue;
        const cell = $('<td>');
        for (const line of shown) $('<div>').text(line).appendTo(cell);
        $('<tr>')
          .append($('<th>').text(text(node, `station.row.${row}`)))
          .append(cell)
          .appendTo(table);
      }
    },
    /** It can be read now, and never again. */
    generate(node) {
      $('#node-input-password').attr('type', 'text').val(generatePassword()).trigger('change');
      $('#ems-ocpp-copy').show();
      showResult('#ems-ocpp-generated', { message: text(node, 'generated') });
    },

    identity(value, _options) {
      if (!value || isEnv(value)) return true;
      if (!isIdentity(value)) return text(this, 'error.identity', { label: labelOf(this, 'identity') });
      const isSame = ({ id, type, d: isDisabled, server, identity }) =>
        type === 'ems-ocpp' &&
        id !== this.id &&
        !isDisabled &&
        server === fieldOf(this, 'server') &&
        identity === value;
      return RED.nodes.filterNodes({ type: 'ems-ocpp' }).some(isSame) ? text(this, 'error.taken', { value }) : true;
    },
    tags(value, _options) {
      if (fieldOf(this, 'authorise') === 'free') return true;
      const wrong = linesOf(value).find((line) => !isTag(line));
      return wrong === undefined ? true : text(this, 'error.tag', { value: wrong });
    },
    forwardUrl(value, _options) {
      const isUrl = !value || isEnv(value) || /^wss?:\/\/\S+$/.test(value);
      return isUrl ? true : text(this, 'error.forwardUrl', { label: labelOf(this, 'forwardUrl') });
    },
    /** Asked while the form is open only: nothing else knows passwords. */
    password(value, _options) {
      if (!['1', '2'].includes($('#node-input-security').val()) || value === '__PWRD__') return true;
      const bytes = bytesOf(value ?? '');
      // One that waits for its station may take over the password with which that comes.
      if (bytes === 0) return fieldOf(this, 'identity') === '' ? true : text(this, 'error.noPassword');
      if (bytes > longestPassword) return text(this, 'error.longPassword', { max: longestPassword });
      if (bytes >= shortestPassword || $('#node-input-weak').prop('checked')) return true;
      return text(this, 'error.shortPassword', { min: shortestPassword });
    },
  };

  emsEditor.chargePoint = chargePoint;
})();
