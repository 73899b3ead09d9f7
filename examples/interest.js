// Tells the product what shoppers look at, where they agreed. For the shop's pages, beside Adobe's
// storefront events SDK (window.magentoStorefrontEvents). Fill in the three constants.
//
// Nothing is sent before the shopper agreed, and no name: a random one is kept in the browser. Who
// is signed in is told by a token that a module in the shop signs for five minutes (docs/portal.md).
(function () {
  const ENDPOINT = "https://sync.example.com/api/interest/NAME";
  const agreed = () => window.shopConsent === true;
  const signedIn = () => window.shopToken || "";
  const KEY = "interest-visitor";

  function visitor() {
    const known = localStorage.getItem(KEY) || crypto.randomUUID();
    localStorage.setItem(KEY, known);
    return known;
  }

  function send(consent, skus) {
    const body = JSON.stringify({ visitor: visitor(), consent, skus, token: signedIn() });
    fetch(ENDPOINT, {
      method: "POST", body, keepalive: true, headers: { "Content-Type": "application/json" },
    }).catch(() => undefined);
  }

  function looked(event) {
    const context = window.magentoStorefrontEvents.context;
    const product = (event && event.eventInfo && event.eventInfo.productContext) ||
      context.getProduct();
    if (agreed() && product && product.sku) send(true, [product.sku]);
  }

  // To be called by the shop's consent banner when a shopper takes consent back.
  window.forgetInterest = function () {
    if (localStorage.getItem(KEY)) send(false, []);
    localStorage.removeItem(KEY);
  };

  const events = window.magentoStorefrontEvents;
  if (events) events.subscribe.productPageView(looked);
})();
