/**
 * The field "Listen on" of everything that others dial: the addresses of this machine to choose from. The editor starts
 * scripts in any order: what all forms share is there when one is opened.
 */
(() => {
  if (window.emsListen) return;

  const style = document.createElement('style');
  style.textContent = `
    .ems-form .form-row > input[type=text].ems-other { margin: 4px 0 0 134px; }
  `;
  document.head.appendChild(style);

  const everywhere = '0.0.0.0';
  const here = '127.0.0.1';
  const other = 'other';

  let asked;
  /** @returns those of the machine that runs Node-RED: { address, name, isIpv6 } */
  const addresses = async () => {
    asked ??= emsEditor.kit.ask('GET', 'ems/addresses');
    const found = await asked;
    return Array.isArray(found) ? found : [];
  };

  /** The text field keeps the value; it is seen where none of the list is chosen. */
  const create = async (node) => {
    const { text } = emsEditor.kit;
    const id = `${node._def.category === 'config' ? 'node-config-input' : 'node-input'}-host`;
    const input = $(`#${id}`).addClass('ems-other');
    const select = $('<select>', { id: 'ems-choose-host' }).insertBefore(input);
    input.siblings('label').attr('for', 'ems-choose-host');

    /** Another address was chosen: what is typed may be one of the list. */
    let isTyping = false;
    const fill = (found) => {
      const words = (key) => text(node, `listen.${key}`);
      const options = [
        [everywhere, words('everywhere')],
        [here, words('here')],
        ...found.map(({ address, name }) => [address, `${address} (${name})`]),
        [other, words('other')],
      ];
      select.empty();
      for (const [value, label] of options) $('<option>', { value }).text(label).appendTo(select);
      const isListed = options.some(([value]) => value === input.val());
      select.val(isListed && !isTyping ? input.val() : other);
      input.toggle(select.val() === other);
    };
    select.on('change', () => {
      isTyping = select.val() === other;
      input
        .toggle(isTyping)
        .val(isTyping ? '' : select.val())
        .trigger('change');
    });
    fill([]);
    fill(await addresses());
  };

  window.emsListen = { addresses, create };
})();
