"""Every canonical address that Python code of this project names, and nothing else.

Three namespaces of plain strings (`ext` extensions, `system` code and identifier systems, `core`
base FHIR), and one `Guide` value per supported version of the PAS guide (`PAS_22`, `PAS_20`) that
holds what differs between them: profile addresses, which extensions exist, and a few systems.

Source: Da Vinci PAS 2.2.1 and 2.0.1, HRex 1.2.0, CRD 2.2.1, Subscriptions Backport 1.1.0.
"""

from __future__ import annotations

from typing import Final, Literal

from app.sealed import sealed

Line = Literal["2.2", "2.0"]

_PAS: Final = "http://hl7.org/fhir/us/davinci-pas/"
_PAS_SD: Final = _PAS + "StructureDefinition/"
_CRD_SD: Final = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/"
_DTR_SD: Final = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/"
_CORE_SD: Final = "http://hl7.org/fhir/StructureDefinition/"
_US_CORE_SD: Final = "http://hl7.org/fhir/us/core/StructureDefinition/"
_BACKPORT_SD: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
_THO: Final = "http://terminology.hl7.org/CodeSystem/"


def x12(element: int) -> str:
    """The code system of an X12 data element, as `https://codesystem.x12.org/005010/306`."""
    return f"https://codesystem.x12.org/005010/{element}"


def core_type(name: str) -> str:
    """The canonical of a base R4 type: `core_type("Claim")`."""
    return _CORE_SD + name


class ext:  # noqa: N801 - read as a namespace: ext.REVIEW_ACTION
    """Extension addresses. Parts with short addresses are listed under `part`."""

    ADMINISTRATION_REFERENCE_NUMBER: Final = _PAS_SD + "extension-administrationReferenceNumber"
    ADMISSION_DATES: Final = _PAS_SD + "extension-admissionDates"
    AUTHORIZATION_NUMBER: Final = _PAS_SD + "extension-authorizationNumber"
    AUTHORIZED_PROVIDER_TYPE: Final = _PAS_SD + "extension-authorizedProviderType"
    CARE_TEAM_CLAIM_SCOPE: Final = _PAS_SD + "extension-careTeamClaimScope"
    CERTIFICATION_TYPE: Final = _PAS_SD + "extension-certificationType"
    CLAIM_ENCOUNTER: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Claim.encounter"
    CLAIM_RESPONSE_REVIEWER: Final = _PAS_SD + "extension-claimResponseReviewer"
    COMMUNICATED_DIAGNOSIS: Final = _PAS_SD + "extension-communicatedDiagnosis"
    CONDITION_CODE: Final = _PAS_SD + "extension-conditionCode"
    CONTENT_MODIFIER: Final = _PAS_SD + "extension-contentModifier"
    COVERAGE_INFORMATION: Final = _CRD_SD + "ext-coverage-information"
    DATA_ABSENT_REASON: Final = _CORE_SD + "data-absent-reason"
    DIAGNOSIS_RECORDED_DATE: Final = _PAS_SD + "extension-diagnosisRecordedDate"
    DISCHARGE_DATE: Final = _PAS_SD + "extension-dischargeDate"
    DOCUMENT_INFORMATION: Final = _PAS_SD + "extension-documentInformation"
    EPSDT_INDICATOR: Final = _PAS_SD + "extension-epsdtIndicator"
    ERROR_ELEMENT: Final = _PAS_SD + "extension-errorElement"
    ERROR_FOLLOWUP_ACTION: Final = _PAS_SD + "extension-errorFollowupAction"
    ERROR_PATH: Final = _PAS_SD + "extension-errorPath"
    HOME_HEALTH_CARE_INFORMATION: Final = _PAS_SD + "extension-homeHealthCareInformation"
    IDENTIFIER_JURISDICTION: Final = _PAS_SD + "extension-identifierJurisdiction"
    IDENTIFIER_SUB_DEPARTMENT: Final = _PAS_SD + "extension-identifierSubDepartment"
    INFO_CANCELLED: Final = _PAS_SD + "modifierextension-infoCancelled"
    INFO_CHANGED: Final = _PAS_SD + "extension-infoChanged"
    INFORMATION_ORIGIN: Final = _DTR_SD + "information-origin"
    ITEM_AUTHORIZED_DETAIL: Final = _PAS_SD + "extension-itemAuthorizedDetail"
    ITEM_AUTHORIZED_PROVIDER: Final = _PAS_SD + "extension-itemAuthorizedProvider"
    ITEM_CATEGORY: Final = _PAS_SD + "extension-itemCategory"
    ITEM_CERTIFICATION_EFFECTIVE_DATE: Final = _PAS_SD + "extension-itemCertificationEffectiveDate"
    ITEM_CERTIFICATION_EXPIRATION_DATE: Final = (
        _PAS_SD + "extension-itemCertificationExpirationDate"
    )
    ITEM_CERTIFICATION_ISSUE_DATE: Final = _PAS_SD + "extension-itemCertificationIssueDate"
    ITEM_PRE_AUTH_ISSUE_DATE: Final = _PAS_SD + "extension-itemPreAuthIssueDate"
    ITEM_PRE_AUTH_PERIOD: Final = _PAS_SD + "extension-itemPreAuthPeriod"
    ITEM_REQUESTED_SERVICE_DATE: Final = _PAS_SD + "extension-itemRequestedServiceDate"
    ITEM_TRACE_NUMBER: Final = _PAS_SD + "extension-itemTraceNumber"
    LEVEL_OF_SERVICE_CODE: Final = _PAS_SD + "extension-levelOfServiceCode"
    MILITARY_STATUS: Final = _PAS_SD + "extension-militaryStatus"
    NURSING_HOME_LEVEL_OF_CARE: Final = _PAS_SD + "extension-nursingHomeLevelOfCare"
    NURSING_HOME_RESIDENTIAL_STATUS: Final = _PAS_SD + "extension-nursingHomeResidentialStatus"
    PA_LINE_NUMBER: Final = _PAS_SD + "extension-paLineNumber"
    PATIENT_STATUS: Final = _PAS_SD + "extension-patientStatus"
    PRODUCT_OR_SERVICE_CODE_END: Final = _PAS_SD + "extension-productOrServiceCodeEnd"
    FORM_SIGNATURE: Final = _CORE_SD + "questionnaireresponse-signature"
    REQUESTED_SERVICE: Final = _PAS_SD + "extension-requestedService"
    REVENUE_CODE: Final = _PAS_SD + "extension-revenueCode"
    REVENUE_UNIT_RATE_LIMIT: Final = _PAS_SD + "extension-revenueUnitRateLimit"
    REVIEW_ACTION: Final = _PAS_SD + "extension-reviewAction"
    REVIEW_ACTION_CODE: Final = _PAS_SD + "extension-reviewActionCode"
    SERVICE_ITEM_REQUEST_TYPE: Final = _PAS_SD + "extension-serviceItemRequestType"
    SERVICE_LINE_NUMBER: Final = _PAS_SD + "extension-serviceLineNumber"
    TIMING_CALENDAR_PATTERN: Final = _PAS_SD + "extension-timingcalendarpattern"
    TIMING_DELIVERY_PATTERN: Final = _PAS_SD + "extension-timingdeliverypattern"
    TRANSMISSION_IDENTIFIERS: Final = _PAS_SD + "extension-TransmissionIdentifiers"

    BACKPORT_FILTER_CRITERIA: Final = _BACKPORT_SD + "backport-filter-criteria"
    BACKPORT_HEARTBEAT_PERIOD: Final = _BACKPORT_SD + "backport-heartbeat-period"
    BACKPORT_MAX_COUNT: Final = _BACKPORT_SD + "backport-max-count"
    BACKPORT_PAYLOAD_CONTENT: Final = _BACKPORT_SD + "backport-payload-content"
    BACKPORT_TIMEOUT: Final = _BACKPORT_SD + "backport-timeout"
    CAPABILITY_TOPIC_CANONICAL: Final = (
        _BACKPORT_SD + "capabilitystatement-subscriptiontopic-canonical"
    )


class system:  # noqa: N801 - read as a namespace: system.HCPCS
    """Code systems and identifier systems. X12 data elements: `x12(306)`."""

    TEMP: Final = _PAS + "CodeSystem/PASTempCodes"
    X12_REVIEW_ACTION: Final = x12(306)
    X12_REJECT_REASON: Final = x12(901)
    X12_FOLLOW_UP_ACTION: Final = x12(889)
    X12_CERTIFICATION_TYPE: Final = x12(1322)
    X12_REQUEST_TYPE: Final = x12(1525)
    X12_SERVICE_TYPE: Final = x12(1365)
    X12_LEVEL_OF_SERVICE: Final = x12(1338)
    X12_RELATIONSHIP: Final = x12(1069)
    X12_UNIT: Final = x12(673)
    X12_REPORT_TYPE: Final = x12(755)
    X12_REPORT_TRANSMISSION: Final = x12(756)
    X12_ENTITY: Final = x12(98)
    X12_VALUE_SETS: Final = "https://valueset.x12.org/"
    X12_DECISION_REASON: Final = "https://codesystem.x12.org/external/886"

    CPT: Final = "http://www.ama-assn.org/go/cpt"
    HCPCS: Final = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
    ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
    ICD_10_PCS: Final = "http://www.cms.gov/Medicare/Coding/ICD10"
    ICD_9_CM: Final = _THO + "icd9cm"
    LOINC: Final = "http://loinc.org"
    NDC: Final = "http://hl7.org/fhir/sid/ndc"
    NUCC: Final = "http://nucc.org/provider-taxonomy"
    PLACE_OF_SERVICE: Final = (
        "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
    )
    REVENUE: Final = "https://www.nubc.org/CodeSystem/RevenueCodes"
    RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
    SNOMED: Final = "http://snomed.info/sct"
    TYPE_OF_BILL: Final = "https://www.nubc.org/CodeSystem/TypeOfBill"
    UCUM: Final = "http://unitsofmeasure.org"

    NPI: Final = "http://hl7.org/fhir/sid/us-npi"
    CLIA: Final = "urn:oid:2.16.840.1.113883.4.7"
    NAIC: Final = "urn:oid:2.16.840.1.113883.6.300"
    TIN: Final = _THO.replace("CodeSystem", "NamingSystem") + "USEIN"
    C4BB_IDENTIFIER_TYPE: Final = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType"
    USPS: Final = "https://www.usps.com/"
    UUID: Final = "urn:ietf:rfc:3986"
    LANGUAGE: Final = "urn:ietf:bcp:47"

    ADJUDICATION: Final = _THO + "adjudication"
    CLAIM_TYPE: Final = _THO + "claim-type"
    COVERAGE_CLASS: Final = _THO + "coverage-class"
    DATA_ABSENT_REASON: Final = _THO + "data-absent-reason"
    IDENTIFIER_TYPE: Final = _THO + "v2-0203"
    NULL_FLAVOR: Final = _THO + "v3-NullFlavor"
    OBSERVATION_CATEGORY: Final = _THO + "observation-category"
    PROCESS_PRIORITY: Final = _THO + "processpriority"
    RELATED_CLAIM_RELATIONSHIP: Final = _THO + "ex-relatedclaimrelationship"
    SUBSCRIBER_RELATIONSHIP: Final = _THO + "subscriber-relationship"


class part:  # noqa: N801 - read as a namespace: part.NUMBER
    """Short addresses of parts inside complex PAS extensions."""

    APPLICATION_RECEIVER_CODE: Final = "applicationReceiverCode"
    APPLICATION_SENDER_CODE: Final = "applicationSenderCode"
    INTERCHANGE_RECEIVER_ID: Final = "interchangeReceiverID"
    INTERCHANGE_SENDER_ID: Final = "interchangeSenderID"
    NUMBER: Final = "number"
    REASON_CODE: Final = "reasonCode"
    SECOND_SURGICAL_OPINION: Final = "secondSurgicalOpinionFlag"
    PROVIDER: Final = "provider"
    PROVIDER_TYPE: Final = "providerType"
    PRODUCT_OR_SERVICE_CODE: Final = "productOrServiceCode"
    MODIFIER: Final = "modifier"
    UNIT_PRICE: Final = "unitPrice"
    QUANTITY: Final = "quantity"
    REVENUE: Final = "revenue"
    ERROR: Final = "error"
    PROCESS_NOTE: Final = "processNote"
    HUMAN_REVIEWED: Final = "wasHumanReviewedFlag"
    REVIEWER_NPI: Final = "reviewerNPI"
    REVIEWER_SPECIALTY: Final = "reviewerSpecialty"
    REPORT_TYPE_CODE: Final = "reportTypeCode"
    TRANSMISSION_METHOD: Final = "transmissionMethod"
    CONTROL_NUMBER: Final = "controlNumber"
    DESCRIPTION: Final = "description"
    COVERAGE_ASSERTION_ID: Final = "coverage-assertion-id"


class profile:  # noqa: N801 - read as a namespace: profile.CLAIM
    """PAS profiles; both versions use the same addresses, told apart only by version."""

    BENEFICIARY: Final = _PAS_SD + "profile-beneficiary"
    CLAIM: Final = _PAS_SD + "profile-claim"
    CLAIM_BASE: Final = _PAS_SD + "profile-claim-base"
    CLAIM_INQUIRY: Final = _PAS_SD + "profile-claim-inquiry"
    CLAIM_INQUIRY_RESPONSE: Final = _PAS_SD + "profile-claiminquiryresponse"
    CLAIM_RESPONSE: Final = _PAS_SD + "profile-claimresponse"
    CLAIM_UPDATE: Final = _PAS_SD + "profile-claim-update"
    COMMUNICATION_REQUEST: Final = _PAS_SD + "profile-communicationrequest"
    COVERAGE: Final = _PAS_SD + "profile-coverage"
    DEVICE_REQUEST: Final = _PAS_SD + "profile-devicerequest"
    DOCUMENT_REFERENCE: Final = _PAS_SD + "profile-documentreference"
    ENCOUNTER: Final = _PAS_SD + "profile-encounter"
    INQUIRY_REQUEST_BUNDLE: Final = _PAS_SD + "profile-pas-inquiry-request-bundle"
    INQUIRY_RESPONSE_BUNDLE: Final = _PAS_SD + "profile-pas-inquiry-response-bundle"
    INSURER: Final = _PAS_SD + "profile-insurer"
    LOCATION: Final = _PAS_SD + "profile-location"
    MEDICATION_REQUEST: Final = _PAS_SD + "profile-medicationrequest"
    NUTRITION_ORDER: Final = _PAS_SD + "profile-nutritionorder"
    PRACTITIONER: Final = _PAS_SD + "profile-practitioner"
    PRACTITIONER_ROLE: Final = _PAS_SD + "profile-practitionerrole"
    REQUEST_BUNDLE: Final = _PAS_SD + "profile-pas-request-bundle"
    REQUESTOR: Final = _PAS_SD + "profile-requestor"
    RESPONSE_BUNDLE: Final = _PAS_SD + "profile-pas-response-bundle"
    SERVICE_REQUEST: Final = _PAS_SD + "profile-servicerequest"
    SUBSCRIBER: Final = _PAS_SD + "profile-subscriber"
    SUBSCRIPTION: Final = _PAS_SD + "profile-subscription"
    TASK: Final = _PAS_SD + "profile-task"

    BACKPORT_NOTIFICATION: Final = _BACKPORT_SD + "backport-subscription-notification-r4"
    BACKPORT_STATUS: Final = _BACKPORT_SD + "backport-subscription-status-r4"
    BACKPORT_SUBSCRIPTION: Final = _BACKPORT_SD + "backport-subscription"

    US_CORE_QUESTIONNAIRE_RESPONSE: Final = _US_CORE_SD + "us-core-questionnaireresponse"


class core:  # noqa: N801 - read as a namespace: core.CLAIM_SUBMIT
    """Operations, topics and other artefacts that answers and CapabilityStatements name."""

    CLAIM_SUBMIT: Final = _PAS + "OperationDefinition/Claim-submit"
    CLAIM_INQUIRY: Final = _PAS + "OperationDefinition/Claim-inquiry"
    SUBSCRIPTION_TOPIC: Final = _PAS + "SubscriptionTopic/PASSubscriptionTopic"
    IMPLEMENTATION_GUIDE: Final = _PAS + "ImplementationGuide/hl7.fhir.us.davinci-pas"
    CAPABILITY_INTERMEDIARY: Final = _PAS + "CapabilityStatement/intermediary-capabilities"
    RESOURCE_VALIDATE: Final = "http://hl7.org/fhir/OperationDefinition/Resource-validate"
    XHTML: Final = "http://www.w3.org/1999/xhtml"
    STRUCTURE_DEFINITION: Final = _CORE_SD
    HL7: Final = "http://hl7.org/fhir/"
    VALUE_SET: Final = "http://hl7.org/fhir/ValueSet/"


_ONLY_IN_22: Final = frozenset(
    {
        ext.TRANSMISSION_IDENTIFIERS,
        ext.ADMISSION_DATES,
        ext.DISCHARGE_DATE,
        ext.AUTHORIZED_PROVIDER_TYPE,
        ext.CLAIM_RESPONSE_REVIEWER,
        ext.DOCUMENT_INFORMATION,
        ext.ITEM_CATEGORY,
        ext.REVENUE_CODE,
    }
)
_ONLY_IN_20: Final = frozenset({ext.PA_LINE_NUMBER})


@sealed(frozen=True, slots=True)
class Guide:
    """One published version of the PAS guide: what a reader or writer needs to tell them apart.

    `line` is the name in our addresses and commands ("2.2"), `version` the published one ("2.2.1").
    """

    line: Line
    version: str
    absent_extensions: frozenset[str]
    revenue_system: str
    provider_type: str
    related_relationship: str

    def knows(self, extension: str) -> bool:
        """False for a PAS extension that this version does not define."""
        return extension not in self.absent_extensions

    def versioned(self, canonical: str) -> str:
        """The canonical with this guide's version, as `...profile-claim|2.2.1`."""
        return f"{canonical}|{self.version}"


PAS_22: Final = Guide(
    line="2.2",
    version="2.2.1",
    absent_extensions=_ONLY_IN_20,
    revenue_system="https://www.nubc.org/CodeSystem/RevenueCodes",
    provider_type=ext.AUTHORIZED_PROVIDER_TYPE,
    related_relationship="prior",
)
PAS_20: Final = Guide(
    line="2.0",
    version="2.0.1",
    absent_extensions=_ONLY_IN_22,
    revenue_system="https://www.nubc.org/revenue-code",
    provider_type=part.PROVIDER_TYPE,
    related_relationship="prior",
)
GUIDES: Final[dict[str, Guide]] = {"2.2": PAS_22, "2.0": PAS_20}


class own:  # noqa: N801 - read as a namespace: own.BENEFIT_USED
    """What this program adds to FHIR; `forthwith.example` is reserved for documentation."""

    BENEFIT_USED: Final = "https://forthwith.example/fhir/StructureDefinition/benefit-used"
    TAG: Final = "https://forthwith.example/fhir/CodeSystem/member-tag"


class sdc:  # noqa: N801 - read as a namespace: sdc.TEMP
    """SDC (structured data capture): codes of tasks that ask to complete a form."""

    TEMP: Final = "http://hl7.org/fhir/uv/sdc/CodeSystem/temp"


class crd:  # noqa: N801 - read as a namespace: crd.TEMP
    """CRD (coverage requirements discovery): extensions, code systems and profiles."""

    BILLING_OPTIONS: Final = _CRD_SD + "ext-billing-options"
    TEMP: Final = "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp"
    CARD_TYPE: Final = _THO + "cdshooks-card-type"
    DETAIL: Final = _THO + "crd-coverage-detail"
    REASON: Final = "https://forthwith.example/fhir/CodeSystem/coverage-reason"
    PAYLOAD: Final = (
        "http://hl7.org/fhir/5.0/StructureDefinition/extension-CommunicationRequest.payload.content"
    )
    PAYLOAD_20: Final = PAYLOAD + "[x]"
    ALTERNATE_REFERENCE: Final = _CORE_SD + "alternate-reference"
    APPOINTMENT: Final = _CRD_SD + "profile-appointment"
    APPOINTMENT_NO_ORDER: Final = _CRD_SD + "profile-appointment-no-order"
    PROFILES: Final = {
        "CommunicationRequest": _CRD_SD + "profile-communicationrequest",
        "Coverage": _CRD_SD + "profile-coverage",
        "DeviceRequest": _CRD_SD + "profile-devicerequest",
        "Encounter": _CRD_SD + "profile-encounter",
        "MedicationRequest": _CRD_SD + "profile-medicationrequest",
        "NutritionOrder": _CRD_SD + "profile-nutritionorder",
        "ServiceRequest": _CRD_SD + "profile-servicerequest",
        "Task": _CRD_SD + "profile-taskquestionnaire",
        "VisionPrescription": _CRD_SD + "profile-visionprescription",
    }


class dtr:  # noqa: N801 - read as a namespace: dtr.STANDARD
    """DTR (documentation templates): the form's profile and the extensions that its items use."""

    STANDARD: Final = _DTR_SD + "dtr-std-questionnaire"
    VERSION_ALGORITHM: Final = _CORE_SD + "artifact-versionAlgorithm"
    VERSION_ALGORITHMS: Final = "http://hl7.org/fhir/version-algorithm"
    TRANSLATION: Final = _CORE_SD + "translation"
    UNIT_OPTION: Final = _CORE_SD + "questionnaire-unitOption"
    ITEM_CONTROL: Final = _CORE_SD + "questionnaire-itemControl"
    ITEM_CONTROLS: Final = "http://hl7.org/fhir/questionnaire-item-control"
    ANSWERS: Final = "https://forthwith.example/fhir/CodeSystem/answer"
    XHTML: Final = core.XHTML
