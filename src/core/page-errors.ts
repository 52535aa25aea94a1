/**
 * Every error that a page can show. People read `page_error.<name>.what` and `.next` in their language, and quote the
 * number; `administrator` is what to do about it, for the catalogue (docs/reference/errors.md) and the command line. Must
 * stay true: a number keeps its meaning for ever, since old guides and tickets name it.
 */

import type { HelpTopic } from "./help.ts";

type PageError = { number: `CS-${number}`; status: number; help: HelpTopic; administrator: string };

export const pageErrors = {
  flow_expired: {
    number: "CS-1001",
    status: 400,
    help: "page-expired",
    administrator:
      "Nothing, as a rule: the person took longer than a sign-in lasts, said in the app or on the phone that it was not theirs, went back to a page of one that had ended, or used a bookmark of the sign-in page. If it happens often, let the bookmark lead to the application.",
  },
  too_many_requests: {
    number: "CS-1002",
    status: 429,
    help: "too-many",
    administrator:
      "More sign-in pages were asked for from one address than a person asks for. If many people share the address, check that the proxy in front passes on where each request comes from.",
  },
  application_unknown: {
    number: "CS-1003",
    status: 400,
    help: "wrong-address",
    administrator:
      "The application sent the browser with a client id, or from a host, that is not registered here. Register it, or correct the id in the application.",
  },
  redirect_unregistered: {
    number: "CS-1004",
    status: 400,
    help: "wrong-address",
    administrator:
      "The address to return to is not one of the application's. It must be registered exactly as it is sent: scheme, host, port, path and closing slash.",
  },
  not_in_groups: {
    number: "CS-1005",
    status: 403,
    help: "no-access",
    administrator:
      "The person is signed in but in none of the groups that the application is for. Change the person's groups or the application's, if that is right.",
  },
  strength_unreachable: {
    number: "CS-1006",
    status: 403,
    help: "stronger-method",
    administrator:
      "The application asks for more than the person's methods can give, such as a passkey. Help the person to register one, or lower what the application asks for. `countersign method list` shows what there is.",
  },
  unavailable: {
    number: "CS-1007",
    status: 503,
    help: "out-of-service",
    administrator:
      "The database did not answer, this machine's clock differs from the database's, or it was set while the server ran. `/health/ready` on the internal address says which.",
  },
  not_found: {
    number: "CS-1008",
    status: 404,
    help: "wrong-address",
    administrator: "The address leads to no page. If a link led there, correct the link.",
  },
  cookie_missing: {
    number: "CS-1009",
    status: 400,
    help: "cookies",
    administrator:
      "The browser did not send back the cookie it was given. If it happens to everyone, check that `public-url` is the address that people use, that it is https, and that the proxy in front passes cookies on.",
  },
  foreign_form: {
    number: "CS-1010",
    status: 403,
    help: "page-expired",
    administrator:
      "A form came from another site, or without the token of the page that it belongs to. If it happens to everyone, check `public-url` and that the proxy in front leaves the headers Origin and Host as they are. If it is a single case, it may be an attack that was stopped here.",
  },
  person_disabled: {
    number: "CS-1011",
    status: 403,
    help: "no-access",
    administrator: "The account is disabled. `countersign user enable` opens it again.",
  },
  bad_request: {
    number: "CS-1012",
    status: 400,
    help: "wrong-address",
    administrator:
      "What the application or the browser sent does not read: a parameter is missing, is there twice or has a value that is not known. The server's log names the parameter by the correlation id.",
  },
  no_method: {
    number: "CS-1013",
    status: 403,
    help: "one-method",
    administrator:
      "The person has no method that can be used in the browser. `countersign user tap` issues a Temporary Access Pass with which the person registers one; `countersign method add-app` hands out an app.",
  },
  internal: {
    number: "CS-1014",
    status: 500,
    help: "out-of-service",
    administrator:
      "A fault in this system. The server's log has it under the correlation id; please report it with the version.",
  },
} as const satisfies Record<string, PageError>;

export type PageErrorName = keyof typeof pageErrors;
