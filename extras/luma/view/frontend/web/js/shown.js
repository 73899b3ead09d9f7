/** Gives the component of the page a new token before each request. `invoice-portal.js` lies beside. */
import "./invoice-portal.js";

for (const portal of document.querySelectorAll("invoice-portal[data-token]")) {
  portal.token = async () => {
    const answer = await fetch(portal.dataset.token, { headers: { "X-Requested-With": "XMLHttpRequest" } });
    return answer.ok ? (await answer.json()).token : "";
  };
  portal.refresh();
}
