// A passkey that was not used is said on the page: the browser's own window is gone by then.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const place = document.getElementById("passkey_error") ?? document.querySelector("main").appendChild(Object.assign(document.createElement("p"), { className: "bad" }));
  place.setAttribute("role", "alert");
  place.textContent ||= event.detail.exception?.message ?? "";
  place.hidden = false;
});
