/** People: who may come in, and what they may. */
import { Button, Modal, PasswordInput, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { queryClient, useList, useSession } from "../../api/queries";
import type { User, UserRole } from "../../api/types";
import { Box, Failure, Ready, Time } from "../../components/basics";
import { Confirm } from "../../components/Confirm";
import { useText } from "../../i18n";
import { PASSWORD_CHARACTERS_MIN } from "../Setup";
import { SettingsTabs } from "./SettingsTabs";

export const ROLES: UserRole[] = ["viewer", "analyst", "engineer", "administrator", "auditor"];
const again = () => void queryClient.invalidateQueries({ queryKey: ["/users"] });
const path = (name: string, rest = "") => `/users/${encodeURIComponent(name)}${rest}`;

export function Users() {
  const { t, word } = useText();
  const users = useList<User>("/users");
  const me = useSession().data?.name;
  const [isAdding, add] = useState(false);
  const [removed, setRemoved] = useState<string>();
  const [reset, setReset] = useState<string>();
  const change = useMutation({
    mutationFn: ({ name, ...patch }: { name: string; role?: UserRole; is_disabled?: boolean }) =>
      api.patch(path(name), patch),
    onSuccess: again,
  });
  const remove = useMutation({
    mutationFn: (name: string) => api.delete(path(name)),
    onSuccess: () => {
      setRemoved(undefined);
      again();
    },
  });
  const removeCode = useMutation({ mutationFn: (name: string) => api.delete(path(name, "/totp")), onSuccess: again });
  return (
    <>
      <SettingsTabs active="users" />
      <div className="filters">
        <Button onClick={() => add(true)}>{t("users.add")}</Button>
      </div>
      <div className="stack">
        {[change, removeCode].map((step, index) => (step.error ? <Failure key={index} error={step.error} /> : null))}
        <Ready query={users}>
          {(list) => (
            <Box flush>
              <div className="scroll" tabIndex={0} role="region" aria-label={t("settings.users")}>
                <table className="plain">
                  <thead>
                    <tr>
                      <th>{t("login.name")}</th>
                      <th>{t("users.role")}</th>
                      <th>{t("totp.title")}</th>
                      <th>{t("users.since")}</th>
                      <th>{t("findings.state")}</th>
                      <th>{t("users.actions")}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {list.map((user) => (
                      <tr key={user.name}>
                        <th scope="row">
                          {user.name}
                          {user.name === me && <span className="dim small"> ({t("users.you")})</span>}
                        </th>
                        <td>
                          <Select
                            size="xs"
                            aria-label={`${t("users.role")} ${user.name}`}
                            data={ROLES.map((role) => ({ value: role, label: word("userrole", role) }))}
                            value={user.role}
                            allowDeselect={false}
                            disabled={user.name === me}
                            onChange={(role) => role && change.mutate({ name: user.name, role: role as UserRole })}
                            w={150}
                          />
                        </td>
                        <td className="nowrap">
                          {user.has_totp ? t("common.yes") : <span className="dim">{t("common.no")}</span>}{" "}
                          {user.has_totp && user.name !== me && (
                            <button
                              type="button"
                              className="whybutton small"
                              onClick={() => removeCode.mutate(user.name)}
                            >
                              {t("totp.remove")}
                            </button>
                          )}
                        </td>
                        <td>
                          <Time at={user.created} /> <span className="dim small">{user.created_by}</span>
                        </td>
                        <td className="nowrap">{user.is_disabled ? t("users.disabled") : t("users.enabled")}</td>
                        <td>
                          <div className="row tight">
                            {(user.origin ?? "local") === "local" && (
                              <Button size="compact-xs" variant="default" onClick={() => setReset(user.name)}>
                                {t("users.password")}
                              </Button>
                            )}
                            {user.name !== me && (
                              <>
                                <Button
                                  size="compact-xs"
                                  variant="default"
                                  onClick={() => change.mutate({ name: user.name, is_disabled: !user.is_disabled })}
                                >
                                  {user.is_disabled ? t("users.enable") : t("users.disable")}
                                </Button>
                                <Button size="compact-xs" variant="default" onClick={() => setRemoved(user.name)}>
                                  {t("common.delete")}
                                </Button>
                              </>
                            )}
                          </div>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </Box>
          )}
        </Ready>
        <Box title={t("users.roles")}>
          <dl className="pairs">
            {ROLES.map((role) => (
              <RoleAbout key={role} role={role} />
            ))}
          </dl>
        </Box>
      </div>
      <NewUser isOpen={isAdding} onClose={() => add(false)} />
      <NewPassword name={reset} onClose={() => setReset(undefined)} />
      <Confirm
        title={removed && t("users.remove", { name: removed })}
        about={t("users.remove.about")}
        isBusy={remove.isPending}
        error={remove.error}
        onYes={() => removed && remove.mutate(removed)}
        onNo={() => {
          remove.reset();
          setRemoved(undefined);
        }}
      />
    </>
  );
}

function RoleAbout({ role }: { role: UserRole }) {
  const { t, word } = useText();
  return (
    <>
      <dt>{word("userrole", role)}</dt>
      <dd>{t(`userrole.about.${role}`)}</dd>
    </>
  );
}

function NewUser({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t, word } = useText();
  const [role, setRole] = useState<UserRole>("viewer");
  const [password, setPassword] = useState("");
  const add = useMutation({
    mutationFn: (name: string) => api.post("/users", { name, role, password }),
    onSuccess: () => {
      setPassword("");
      again();
      onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    add.mutate(String(new FormData(event.currentTarget).get("name") ?? "").trim());
  };
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t("users.add")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form className="stack" onSubmit={submit}>
        <TextInput
          name="name"
          label={t("login.name")}
          required
          withAsterisk={false}
          data-autofocus
          autoComplete="off"
          maxLength={64}
        />
        <Select
          label={t("users.role")}
          data={ROLES.map((value) => ({ value, label: word("userrole", value) }))}
          value={role}
          onChange={(value) => value && setRole(value as UserRole)}
          allowDeselect={false}
          description={t(`userrole.about.${role}`)}
        />
        <PasswordInput
          label={t("login.password")}
          description={t("users.firstpassword")}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
        />
        {add.error ? <Failure error={add.error} /> : null}
        <Button type="submit" loading={add.isPending} disabled={password.length < PASSWORD_CHARACTERS_MIN}>
          {t("common.add")}
        </Button>
      </form>
    </Modal>
  );
}

function NewPassword({ name, onClose }: { name: string | undefined; onClose: () => void }) {
  const { t } = useText();
  const [password, setPassword] = useState("");
  const set = useMutation({
    mutationFn: () => api.post(path(name ?? "", "/password"), { password }),
    onSuccess: () => {
      setPassword("");
      onClose();
    },
  });
  return (
    <Modal
      opened={name !== undefined}
      onClose={onClose}
      title={t("users.password.of", { name: name ?? "" })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate();
        }}
      >
        <PasswordInput
          label={t("account.new")}
          description={t("users.firstpassword")}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="new-password"
          data-autofocus
          visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
        />
        {set.error ? <Failure error={set.error} /> : null}
        <Button type="submit" loading={set.isPending} disabled={password.length < PASSWORD_CHARACTERS_MIN}>
          {t("common.save")}
        </Button>
      </form>
    </Modal>
  );
}
