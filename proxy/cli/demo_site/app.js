/* The site's own script: the menu, the prices, and (as sites do) measurement through its own domain. */
(function () {
  'use strict';
  var d = document, menu = d.querySelector('.menu');

  d.documentElement.classList.add('js');
  if (menu) {
    menu.addEventListener('click', function () {
      menu.setAttribute('aria-expanded', String(menu.getAttribute('aria-expanded') === 'false'));
    });
  }

  d.querySelectorAll('input[name=period]').forEach(function (radio) {
    radio.addEventListener('change', function () {
      d.querySelectorAll('[data-month]').forEach(function (price) {
        price.textContent = price.getAttribute('data-' + radio.value);
      });
    });
  });

  /* Links and forms wait for the measurement, as they often do: a proxy that removes it must not break them. */
  function measured(name, go) {
    if (typeof window.gtag !== 'function') return go();
    var done = false, once = function () { if (!done) { done = true; go(); } };
    window.gtag('event', name, {event_callback: once, event_timeout: 500});
    setTimeout(once, 600);
  }
  d.querySelectorAll('a[data-track]').forEach(function (link) {
    link.addEventListener('click', function (event) {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      measured(link.dataset.track, function () { location.href = link.href; });
    });
  });

  /* A server-side tag container on the site's own domain: no list of hosts knows it. */
  var hit = '/g/collect?v=2&tid=G-DEMO000000&cid=000000000.0000000000&en=page_view&dl=' + encodeURIComponent(location.href);
  if (navigator.sendBeacon) navigator.sendBeacon(hit);
  else new Image().src = hit;
})();
