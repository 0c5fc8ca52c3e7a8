/** A list of rows that can be added, removed and sorted. */

/** @param addRow fills an empty row; an item that was added by hand is {} */
export const addRowList = (
  list: JQuery,
  items: readonly unknown[],
  addRow: (row: JQuery, item: unknown) => void,
): void => {
  list.editableList({
    addButton: true,
    removable: true,
    sortable: true,
    height: 'auto',
    addItem: (row: JQuery, _index: number, item: unknown) => addRow(row, item),
  });
  list.editableList(
    'addItems',
    items.map((item) => (typeof item === 'object' && item !== null ? item : { value: item })),
  );
};
