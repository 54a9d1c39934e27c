// Times in the reader's own zone, with the zone's name; without this script they stand in the portal's zone.
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const format = new Intl.DateTimeFormat(language, {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});
const localise = (root) => {
  for (const time of root.querySelectorAll("time[data-local]")) {
    time.textContent = format.format(new Date(time.dateTime));
    delete time.dataset.local;
  }
};
localise(document);
for (const name of ["htmx:afterSettle", "page:renewed"]) document.addEventListener(name, () => localise(document));
