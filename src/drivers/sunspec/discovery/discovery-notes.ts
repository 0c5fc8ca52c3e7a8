/**
 * Texts of discovery: a code that stays, and the values of its sentence. Logs read the English sentence; forms translate
 * the code.
 */
import { type CodedMessage, createMessageCatalog } from '../../../common/coded-messages.ts';

/** Sentences by their code, with values as __name__: each says what was found, and what to do if something is missing. */
export const discoverySentences = {
  // The list of models of one device
  no_models:
    'no model follows the marker at __address__: the device offers no data over SunSpec yet; look whether its SunSpec interface is switched on',
  no_common_model:
    'the list of models begins with model __id__, not with model 1: manufacturer and serial number are not known',
  no_serial: 'model 1 tells no serial number: the device cannot be told from another one of its kind',
  end_zeros: 'the list of models ends at __address__ with 0x0000, not with the end model 0xFFFF: nothing is missing',
  end_exception:
    'the list of models has no end model: the device answers exception __code__ at __address__, which was taken for the end',
  end_silent:
    'the device gave no answer at __address__, where the next model was expected: the list may be incomplete; scan again',
  impossible_length:
    'model __id__ (__name__) at __address__ tells the length __length__, which it cannot have: nothing that follows can be trusted; ask the vendor for other firmware',
  no_length:
    'model __id__ at __address__ tells the length 0 and is not known: nothing that follows can be trusted; ask the vendor for other firmware',
  beyond_registers:
    'model __id__ at __address__ tells the length __length__, which leads beyond the last register: neither it nor anything that follows can be trusted; ask the vendor for other firmware',
  too_many_models:
    'the list of models does not end after __count__ models: only these were taken; ask the vendor for other firmware',
  too_long:
    'the list of models does not end after __count__ registers: only the models up to there were taken; ask the vendor for other firmware',
  moving:
    'the list of models changed each of the __count__ times that it was read: only the models that stayed were taken; scan again',
  longer_header:
    'the device does not give the header of model __id__ at __address__ alone: __count__ registers have to be read',
  unknown_models: 'the models __ids__ are not known here: their points need a JSON file of the vendor',
  no_7xx:
    'models 701 to 715 are not offered: if the device should have them, ask the vendor to enable them (Enphase does so on request)',

  // The units of one connection
  answers_on_unit: 'unit __asked__ has no SunSpec device; one answers on unit __unit__: enter that unit',
  answers_on_unit_plus_123:
    'unit __asked__ has no SunSpec device; one answers on unit __unit__, as SMA devices do (Modbus unit + 123): enter that unit',
  same_device: 'units __units__ give the same device as unit __unit__ (serial number __serial__)',
  no_marker_exception:
    'no SunSpec marker at __bases__: unit __unit__ answers with exception __code__; look whether SunSpec is switched on in the device',
  no_marker_words:
    'no SunSpec marker at __bases__: unit __unit__ answers with __words__ at __base__; look whether SunSpec is switched on in the device',
  no_marker_partly:
    'no SunSpec marker at __bases__: unit __unit__ answers some requests only; look whether SunSpec is switched on in the device',
  words_swapped:
    'unit __unit__ has the SunSpec marker at __base__ with its words swapped: word order looks swapped; set it back in the device or gateway',
  bytes_swapped:
    'unit __unit__ has the SunSpec marker at __base__ with its bytes swapped: byte order looks swapped; set it back in the device or gateway',
  words_and_bytes_swapped:
    'unit __unit__ has the SunSpec marker at __base__ backwards: word and byte order look swapped; set them back in the device or gateway',
  silent_units: 'no answer from units __units__',
  no_connection: 'no connection: __reason__',
  connection_lost: 'the connection broke while unit __unit__ was asked and did not come back: __reason__',
  cancelled: 'the scan was cancelled after __asked__ of __total__ units',
} as const;

const { create, sentenceOf, parse } = createMessageCatalog(discoverySentences);

/** @returns a note with the values of its sentence */
export const createNote = create;
/** @returns a note as an English sentence */
export const discoverySentenceOf = sentenceOf;

/** @returns the note that an English sentence tells; undefined if it tells none */
export const discoveryNoteIn = parse;

export type DiscoveryNoteCode = keyof typeof discoverySentences;
export type DiscoveryNote = CodedMessage<DiscoveryNoteCode>;
