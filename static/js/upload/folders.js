// What was dropped: files, and the images inside dropped folders.
const IMAGE = /\.(jpe?g|png|tiff?)$/i;

export async function filesOf(transfer) {
  // Entries must be taken before the first await; afterwards the browser has emptied the list.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  return (await Promise.all(entries.map((entry) => within(entry, false)))).flat();
}

async function within(entry, inFolder) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    // A folder also holds what nobody meant to upload; a file dropped by itself was meant.
    return inFolder && !IMAGE.test(file.name) ? [] : [file];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // One call gives at most a hundred entries; an empty answer is the end.
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) return found;
    found.push(...(await Promise.all(some.map((one) => within(one, true)))).flat());
  }
}
