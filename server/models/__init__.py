"""The kernel's own models. Importing this package declares them; addons extend the classes named here."""

from __future__ import annotations

import server.models.ir_module
from server.models.api_keys import ResUsersApikeys
from server.models.base_automation import BaseAutomation
from server.models.company import ResCompany
from server.models.device import ResDevice
from server.models.groups import ResGroups
from server.models.identity import ResUsersApikeysDescription, ResUsersApikeysShow, ResUsersIdentitycheck
from server.models.ir_access import IrModelAccess
from server.models.ir_actions import IrActionsActWindow, IrActionsReport, IrActionsUrl, IrUiMenu, IrUiView
from server.models.ir_actions_server import IrActionsServer, ServerActionLine
from server.models.ir_api_batch import IrApiBatch
from server.models.ir_api_log import IrApiLog
from server.models.ir_attachment import IrAttachment
from server.models.ir_change import IrChange, IrChangeFeed
from server.models.ir_config_parameter import IrConfigParameter
from server.models.ir_cron import IrCron
from server.models.ir_history import IrHistory
from server.models.ir_idempotency import IrIdempotency
from server.models.ir_logging import IrLogging
from server.models.ir_model import IrModel, IrModelFields, IrModelFieldsSelection
from server.models.ir_model_data import IrModelData
from server.models.ir_outbox import IrOutbox
from server.models.ir_preferences import IrDefault, IrExports, IrExportsLine, IrFilters
from server.models.ir_sequence import IrSequence, IrSequenceDateRange
from server.models.ir_translation import IrTranslation
from server.models.lang import ResLang
from server.models.mail_activity import MailActivity, MailActivityType
from server.models.mail_message import MailFollowers, MailMessage, MailMessageSubtype, MailThread
from server.models.users import ResUsers
from server.models.webhook import WebhookDelivery, WebhookLine, WebhookSubscription

__all__ = [
    "BaseAutomation",
    "IrActionsActWindow",
    "IrActionsReport",
    "IrActionsServer",
    "IrActionsUrl",
    "IrApiBatch",
    "IrApiLog",
    "IrAttachment",
    "IrChange",
    "IrChangeFeed",
    "IrConfigParameter",
    "IrCron",
    "IrDefault",
    "IrExports",
    "IrExportsLine",
    "IrFilters",
    "IrHistory",
    "IrLogging",
    "IrIdempotency",
    "IrModel",
    "IrModelAccess",
    "IrModelData",
    "IrModelFields",
    "IrModelFieldsSelection",
    "IrOutbox",
    "IrSequence",
    "IrSequenceDateRange",
    "IrTranslation",
    "IrUiMenu",
    "IrUiView",
    "MailActivity",
    "MailActivityType",
    "MailFollowers",
    "MailMessage",
    "MailMessageSubtype",
    "MailThread",
    "ResCompany",
    "ResDevice",
    "ResGroups",
    "ResLang",
    "ResUsers",
    "ServerActionLine",
    "ResUsersApikeys",
    "ResUsersApikeysDescription",
    "ResUsersApikeysShow",
    "ResUsersIdentitycheck",
    "WebhookDelivery",
    "WebhookLine",
    "WebhookSubscription",
]
