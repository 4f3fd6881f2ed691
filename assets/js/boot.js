// Runs before the page is drawn, so that a chosen theme never flashes.
(function (d) {
  d.classList.add("js");
  try {
    var t = localStorage.getItem("docent-theme");
    if (t === "light" || t === "dark") d.dataset.theme = t;
    if (localStorage.getItem("docent-wrap") === "1") d.classList.add("wrap-all");
  } catch (e) { /* storage is switched off: the system's theme holds */ }
})(document.documentElement);
