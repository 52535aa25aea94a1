import { connect } from "node:net";

/** Whether something listens on a port of 127.0.0.1. */
export const connects = async (port: number): Promise<boolean> =>
  await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
