/**
 * What refers to a device or a site by its id: the form in which an id is changed lists those nodes, and changes them
 * as well where that is wanted. The editor starts scripts in any order: what all forms share is there when one is opened.
 */
(() => {
  if (window.emsReferences) return;

  const style = document.createElement('style');
  style.textContent = `
    .ems-references { margin: 6px 0 0 134px; font-size: 12px; line-height: 1.35; color: var(--red-ui-primary-text-color); }
    .ems-references > ul { margin: 2px 0 4px 18px; }
    .ems-references li { line-height: 1.5; overflow-wrap: anywhere; }
    .ems-form .ems-references > label { display: flex; align-items: center; gap: 6px; width: auto; margin: 0; }
    .ems-form .ems-references > label > input { width: auto; margin: 0; }
  `;
  document.head.appendChild(style);

  /** Fields that hold nothing but an id, by the root of its topics and the type of node. */
  const idFields = {
    devices: {
      'ems-subscribe': ['device'],
      'ems-command': ['device'],
      'ems-modbus': ['behind', 'parent'],
    },
    sites: { 'ems-subscribe': ['site'] },
  };

  const escapeText = (words) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

  /** Topics in any text: a filter, a template, the code of a function. Other ids may begin or end with this one. */
  const topicOf = (root, id) => new RegExp(`(?<![A-Za-z0-9_.-])${root}/${escapeText(id)}(?![A-Za-z0-9_.-])`, 'g');

  /** @returns the same value where there was nothing to replace */
  const replaced = (value, replace) => {
    if (typeof value === 'string') return replace(value);
    if (Array.isArray(value)) {
      const next = value.map((each) => replaced(each, replace));
      return next.some((each, i) => each !== value[i]) ? next : value;
    }
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    const entries = Object.entries(value);
    const next = entries.map(([key, each]) => [key, replaced(each, replace)]);
    return next.some(([, each], i) => each !== entries[i][1]) ? Object.fromEntries(next) : value;
  };

  /** @returns what would have to change in a node, by field */
  const changesOf = (node, root, from, to) => {
    const ids = idFields[root][node.type] ?? [];
    const topic = topicOf(root, from);
    const changes = {};
    for (const field of Object.keys(node._def?.defaults ?? {})) {
      const value = node[field];
      const next = replaced(value, (words) => {
        if (ids.includes(field) && words === from) return to;
        return words.replace(topic, () => `${root}/${to}`);
      });
      if (next !== value) changes[field] = next;
    }
    return changes;
  };

  /** @returns the other nodes that refer to an id, with what would have to change in them */
  const find = (own, root, from, to) => {
    const found = [];
    const look = (node) => {
      if (node === own || RED.nodes.workspace(node.z)?.locked) return;
      const changes = changesOf(node, root, from, to);
      if (Object.keys(changes).length > 0) found.push({ node, changes });
    };
    RED.nodes.eachNode(look);
    RED.nodes.eachConfig(look);
    return found;
  };

  const describe = (node) => {
    const flow = RED.nodes.workspace(node.z)?.label;
    const label = RED.utils.getNodeLabel(node, node.type);
    return [label, label === node.type ? undefined : node.type, flow].filter(Boolean).join(' · ');
  };

  /** @returns how to undo it */
  const change = ({ node, changes }) => {
    const before = Object.fromEntries(Object.keys(changes).map((field) => [field, node[field]]));
    const step = { t: 'edit', node, changes: before, changed: node.changed, dirty: RED.nodes.dirty() };
    Object.assign(node, changes, { changed: true, dirty: true });
    RED.editor.validateNode(node);
    RED.events.emit('nodes:change', node);
    return step;
  };

  /**
   * @param root of the topics: "devices", "sites"
   * @param field of the node that holds the id
   */
  const create = (node, root, field) => {
    const { text, isEnv } = emsEditor.kit;
    const before = String(node[field] ?? '');
    const input = $(`#${node._def.category === 'config' ? 'node-config-input' : 'node-input'}-${field}`);
    const box = $('<div class="ems-references">').hide().appendTo(input.closest('.form-row'));
    const list = (name) => text(node, `references.${name}`, { id: name === 'found' ? before : input.val() });

    const isChanged = () => before !== '' && !isEnv(before) && input.val() !== before;
    const isUsable = () => emsEditor.id(field, true).call(node, input.val(), {}) === true;
    /** Chosen until somebody says otherwise. */
    let isWanted = true;

    const show = () => {
      const found = isChanged() && isUsable() ? find(node, root, before, input.val()) : [];
      box.empty().toggle(found.length > 0);
      if (found.length === 0) return;
      $('<div>').text(list('found')).appendTo(box);
      const names = $('<ul>').appendTo(box);
      for (const each of found) $('<li>').text(describe(each.node)).appendTo(names);
      const choice = $('<input type="checkbox">').prop('checked', isWanted);
      choice.on('change', () => {
        isWanted = choice.prop('checked');
      });
      $('<label>')
        .append(choice, $('<span>').text(list('change')))
        .appendTo(box);
    };
    input.on('input change', show);
    show();

    return {
      /** @returns the steps to undo what was changed */
      save() {
        if (!isWanted || !isChanged() || !isUsable()) return [];
        const steps = find(node, root, before, input.val()).map(change);
        if (steps.length > 0) {
          RED.nodes.dirty(true);
          RED.view.redraw();
        }
        return steps;
      },
    };
  };

  window.emsReferences = { create };
})();
