import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../api/client";
import { whoami } from "../api/queries";
import { asSentence } from "../lib/format";
import { ApiKeyButton } from "./ApiKeyButton";

const TITLES = { unreachable: "The server cannot be reached", failing: "The server reports an error", refused: "This API key is not permitted to read" };

/** Say at the top of every page why the server cannot be used: it wants a key, refuses this one, cannot be reached, or fails. */
export function ConnectionAlert() {
  const { data, error, refetch, isFetching } = useQuery(whoami);
  const [failure, setFailure] = useState<ApiError | null>(null); // kept while the request is retried, so that an open dialog stays open
  if (error instanceof ApiError && error !== failure) setFailure(error);
  if (failure && !error && data !== undefined) setFailure(null);
  if (!failure) return null;
  if (failure.status === 401)
    return (
      <Alert color="yellow" mb="md" title="This server requires an API key">
        <ApiKeyButton required />
      </Alert>
    );
  if (failure.status === 403)
    return (
      <Alert color="yellow" mb="md" title={TITLES.refused}>
        <ApiKeyButton required />
      </Alert>
    );
  const unreachable = failure.status === 0;
  if (!unreachable && failure.status < 500) return null;
  return (
    <Alert color="red" mb="md" title={unreachable ? TITLES.unreachable : TITLES.failing} role="alert">
      {unreachable ? "Check that it is running and that you are online." : `${asSentence(failure.message)} If this persists, look at the server log.`} This page retries every few seconds; what you see may be out of
      date.{" "}
      <button type="button" className="linklike" onClick={() => void refetch()} disabled={isFetching}>
        Retry now
      </button>
    </Alert>
  );
}
