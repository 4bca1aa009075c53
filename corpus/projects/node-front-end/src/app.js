const tides = ['04:12', '10:31', '16:40', '22:55'];
const list = document.createElement('ul');
for (const tide of tides) {
  const item = document.createElement('li');
  item.textContent = tide;
  list.append(item);
}
document.body.append(list);
