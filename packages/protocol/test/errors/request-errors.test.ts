import {
  ClosedError,
  ConnectionClosedError,
  isRequestCode,
  Peng3dnetError,
  RequestClosedError,
  RequestError,
} from "@peng3dnet/protocol";

describe("RequestError", () => {
  test("has the code, message and data that its thrower chose", () => {
    const error = new RequestError("toopoor", "too poor", { missing: 3 }, { cause: 7 });
    expect(error).toBeInstanceOf(Peng3dnetError);
    expect(error).toMatchObject({ code: "toopoor", data: { missing: 3 }, cause: 7, name: "RequestError" });
    expect(error.message).toBe("too poor");
    expect(error.closeReason).toBeUndefined();
    expect(new RequestError("soldout")).toMatchObject({ message: "", data: null });
  });

  test.each(["", "x".repeat(65), 5, null, undefined])("refuses %p as its code", (code) => {
    expect(() => new RequestError(code as string)).toThrow(TypeError);
    expect(isRequestCode(code)).toBe(false);
  });

  test("takes any text of 1 to 64 characters as its code", () => {
    for (const code of ["x", "not now", "x".repeat(64)]) expect(new RequestError(code).code).toBe(code);
  });
});

test("RequestClosedError says what is known of the request, and why the connection was closed", () => {
  const error = new RequestClosedError("closed", "kicked", "notsent", { cause: 7 });
  expect(error).toBeInstanceOf(ConnectionClosedError);
  expect(error).toBeInstanceOf(ClosedError);
  expect(error).toMatchObject({ reason: "kicked", outcome: "notsent", cause: 7 });
  expect(new RequestClosedError("closed", null).outcome).toBe("unknown");
});
