// What the links in letters lead to. Nothing happens before somebody presses the button: programs that look at the
// links of a mail for viruses would use up the token otherwise.
(() => {
  "use strict";

  const SHORTEST = 8;
  const LONGEST = 256;
  const PATIENCE = 20_000; // milliseconds
  const SPENT = ["INVALID_TOKEN", "EXPIRED_TOKEN"];
  const INCOMPLETE = "The link is incomplete, or was opened here before. Open it from your letter again.";
  const UNREACHABLE = "The shop cannot be reached at the moment. Please try again.";

  const mutation = (field, input) =>
    `mutation ($input: ${input}!) { ${field}(input: $input) { user { email } userErrors { code message field } } }`;

  const PAGES = {
    "verify-email": {
      title: "Confirm your address",
      lead: "One press, and your address is confirmed.",
      action: "Confirm address",
      field: "emailVerify",
      query: mutation("emailVerify", "EmailVerifyInput"),
      done: (email) => (email ? `${email} is confirmed.` : "Your address is confirmed."),
      again: "You can ask for a new letter in the shop.",
    },
    "reset-password": {
      title: "Choose a new password",
      lead: "It replaces the old one, and signs you out everywhere.",
      action: "Save password",
      field: "passwordReset",
      query: mutation("passwordReset", "PasswordResetInput"),
      done: () => "Your new password is saved. Sign in with it in the shop.",
      again: "You can ask for a new letter where you sign in.",
      passwords: true,
    },
    "confirm-email": {
      title: "Use your new address",
      lead: "From then on you sign in with it, and all letters go to it.",
      action: "Use this address",
      field: "userEmailChangeConfirm",
      query: mutation("userEmailChangeConfirm", "UserEmailChangeConfirmInput"),
      done: (email) => (email ? `Your account belongs to ${email} now.` : "Your account has its new address now."),
      again: "You can start the change again in the shop.",
    },
  };

  const byId = (id) => document.getElementById(id);
  const [title, lead, form, passwords, password, repeated, show, submit, outcome] = [
    "title", "lead", "form", "passwords", "password", "repeated", "show", "submit", "outcome",
  ].map(byId);
  const page = PAGES[location.pathname.split("/").pop()];
  let token = null;
  let busy = false;

  // Out of the address bar, the history and what people copy from there.
  function takeToken() {
    const found = new URLSearchParams(location.hash.slice(1)).get("token");
    history.replaceState(null, "", location.pathname + location.search);
    return found;
  }

  function say(kind, ...sentences) {
    outcome.className = kind;
    outcome.replaceChildren(
      ...sentences.map((sentence) => {
        const paragraph = document.createElement("p");
        paragraph.textContent = sentence;
        return paragraph;
      }),
    );
  }

  function complain(input, problem) {
    input.setAttribute("aria-invalid", String(Boolean(problem)));
    byId(`${input.id}-error`).textContent = problem;
    return problem !== "";
  }

  function lengthProblem(length) {
    if (length < SHORTEST) return `Take at least ${SHORTEST} characters.`;
    return length > LONGEST ? `Take at most ${LONGEST} characters.` : "";
  }

  // Counted as the server does: characters of the composed form, not units of UTF-16.
  function passwordsFit() {
    const bad = complain(password, lengthProblem([...password.value.normalize("NFC")].length));
    const differ = !bad && password.value !== repeated.value;
    complain(repeated, differ ? "This is not the same." : "");
    if (bad || differ) (bad ? password : repeated).focus();
    return !bad && !differ;
  }

  async function ask(input) {
    const response = await fetch(new URL("../graphql", location.href), {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ query: page.query, variables: { input } }),
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
    return response.json();
  }

  // Every problem that the answer names; none means that it worked.
  function problemsOf(answer) {
    const payload = answer?.data?.[page.field];
    const problems = [...(answer?.errors ?? []), ...(payload?.userErrors ?? [])];
    return payload || problems.length ? problems : [{ message: UNREACHABLE }];
  }

  // Nothing can be done here any more; the focus was in what goes away.
  function close() {
    token = null;
    form.reset();
    form.hidden = lead.hidden = true;
    title.focus();
  }

  function succeed(email) {
    close();
    say("good", page.done(email));
  }

  function fail(problems) {
    const ofPassword = page.passwords ? problems.filter(({ field }) => field?.at(-1) === "password") : [];
    const others = problems.filter((problem) => !ofPassword.includes(problem));
    if (ofPassword.length) {
      complain(password, ofPassword.map(({ message }) => message).join(" "));
      password.focus();
    }
    const spent = problems.some(({ code }) => SPENT.includes(code));
    if (spent) close();
    say("bad", ...others.map(({ message }) => message), ...(spent ? [page.again] : []));
  }

  function setBusy(now) {
    busy = now;
    submit.setAttribute("aria-disabled", String(now)); // a disabled button would lose the focus
    submit.textContent = now ? "One moment …" : page.action;
  }

  async function send(event) {
    event.preventDefault();
    if (busy || !token) return;
    say("bad");
    if (page.passwords && !passwordsFit()) return;
    setBusy(true);
    try {
      const answer = await ask(page.passwords ? { token, password: password.value } : { token });
      const problems = problemsOf(answer);
      if (problems.length) fail(problems);
      else succeed(answer.data[page.field].user?.email);
    } catch {
      say("bad", UNREACHABLE);
    } finally {
      setBusy(false);
    }
  }

  function start() {
    token = takeToken();
    document.title = title.textContent = page.title;
    lead.textContent = page.lead;
    if (!page.passwords) passwords.remove(); // or password managers would fill it in
    form.hidden = lead.hidden = !token;
    setBusy(false);
    if (token) say("bad");
    else say("bad", INCOMPLETE);
  }

  form.addEventListener("submit", send);
  show.addEventListener("change", () => {
    password.type = repeated.type = show.checked ? "text" : "password";
  });
  form.addEventListener("reset", () => {
    password.type = repeated.type = "password";
  });
  // The same page with another token, pasted into the same tab; `replaceState` does not cause this event.
  window.addEventListener("hashchange", () => {
    if (location.hash) start();
  });
  start();
})();
