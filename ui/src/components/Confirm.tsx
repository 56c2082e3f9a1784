/** Asking once more before something is taken away. */
import { Button, Modal } from "@mantine/core";
import { useText } from "../i18n";
import { Failure } from "./basics";

export function Confirm(props: {
  title: string | undefined;
  about?: string;
  isBusy: boolean;
  error?: unknown;
  onYes: () => void;
  onNo: () => void;
  yes?: string;
}) {
  const { t } = useText();
  return (
    <Modal
      opened={props.title !== undefined}
      onClose={props.onNo}
      title={props.title}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <div className="stack">
        {props.about && <p>{props.about}</p>}
        {props.error ? <Failure error={props.error} /> : null}
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={props.onNo} data-autofocus>
            {t("common.cancel")}
          </Button>
          <Button color="red" loading={props.isBusy} onClick={props.onYes}>
            {props.yes ?? t("common.delete")}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
