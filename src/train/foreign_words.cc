#include "train/foreign_words.h"

#include <algorithm>

#include "base/suggest.h"

namespace thimble {
namespace {

struct Row {
  WordPlace place;
  const char* words;  // lower case, without "_" and "-", apart by spaces
  const char* hint;
};

using P = WordPlace;
constexpr Row kRows[] = {
    {P::section, "training fit trainer optimizer optimiser", "training stands in [train]"},
    {P::section, "dataset datasets input inputs", "data stands in [data]"},
    {P::section, "network net models layers architecture", "the network stands in [model]"},
    {P::section, "variants", "each variant is a [[variant]] of its own"},
    {P::section, "quantize quantization compression", "that is a key of a [[variant]]: quantize = \"int8\""},
    {P::section, "presets", "each preset is a [preset.NAME]"},
    {P::section, "measurement benchmark bench", "measuring stands in [measure]"},
    {P::section, "sweeps grid search hyperparameters", "a sweep stands in [sweep]"},

    {P::layer, "conv convolution convolution2d conv1d", "write { conv2d = FILTERS, kernel = 3 }"},
    {P::layer, "maxpool maxpool2d maxpooling2d maxpooling", "write { max_pool = 2 }"},
    {P::layer, "avgpool avgpool2d averagepooling2d averagepool2d meanpool", "write { average_pool = 2 }"},
    {P::layer, "gap globalaveragepooling2d globalavgpool adaptiveavgpool2d globalpool",
     "write { global_average_pool = true }"},
    {P::layer, "globalmaxpooling2d globalmaxpool2d", "write { global_max_pool = true }"},
    {P::layer, "linear fc fullyconnected innerproduct", "write { dense = UNITS }"},
    {P::layer, "batchnormalization batchnorm2d bn", "write { batch_norm = true }"},
    {P::layer, "layernormalization ln", "write { layer_norm = true }"},
    {P::layer, "zeropadding2d padding pad", "write { zero_pad = 1 }, or padding = \"same\" in the convolution"},
    {P::layer, "add skip shortcut resblock", "write { residual = [ layers ] }, which adds its input"},
    {P::layer, "concatenate concat branches", "write { parallel = [[ layers ], [ layers ]] }"},
    {P::layer, "rnn simplernn bidirectional", "write { lstm = UNITS } or { gru = UNITS }"},
    {P::layer, "activation",
     "the activation's name is a layer word: { relu = true }; or a key: { dense = 10, activation = \"relu\" }"},
    {P::layer, "input inputlayer inputshape", "the shape of a sample stands in [model]: input = [28, 28, 1]"},
    {P::layer, "rescaling normalization", "scaling stands in [data]: scale = \"0..1\""},
    {P::layer, "randomflip randomrotation augmentation", "augmentation stands in [data]: augment = { flip = true }"},

    {P::layer_key, "kernelsize", "it is called kernel: { conv2d = 32, kernel = 3 }"},
    {P::layer_key, "strides", "it is called stride"},
    {P::layer_key, "filters outchannels", "filters are the layer word's own value: { conv2d = 32 }"},
    {P::layer_key, "units outfeatures hidden hiddensize", "units are the layer word's own value: { dense = 10 }"},
    {P::layer_key, "poolsize", "the size is the layer word's own value: { max_pool = 2 }"},
    {P::layer_key, "rate p", "the rate is the layer word's own value: { dropout = 0.3 }"},
    {P::layer_key, "dilationrate", "it is called dilation"},
    {P::layer_key, "usebias", "it is called bias"},
    {P::layer_key, "kernelinitializer weightinitializer init", "it is called initializer"},
    {P::layer_key, "recurrentinit", "it is called recurrent_initializer"},
    {P::layer_key, "inputshape inputdim inchannels infeatures",
     "a layer takes what the one before it gives; the shape of a sample is model.input"},
    {P::layer_key, "eps", "it is called epsilon"},
    {P::layer_key, "act", "it is called activation"},
    {P::layer_key, "kernelregularizer weightdecay l2",
     "decay is the optimiser's: train.optimizer = { adamw = 0.001, weight_decay = 0.004 }"},

    {P::activation, "swish", "it is called silu"},
    {P::activation, "hswish", "it is called hard_swish"},
    {P::activation, "hsigmoid", "it is called hard_sigmoid"},
    {P::activation, "none identity", "it is called linear, or leave the key out"},
    {P::activation, "logistic", "it is called sigmoid"},
    {P::activation, "lrelu", "it is called leaky_relu"},

    {P::initializer, "xavieruniform glorot", "it is called glorot_uniform"},
    {P::initializer, "xaviernormal", "it is called glorot_normal"},
    {P::initializer, "kaiming kaiminguniform he", "it is called he_uniform"},
    {P::initializer, "kaimingnormal", "it is called he_normal"},
    {P::initializer, "normal gaussian", "it is called random_normal"},
    {P::initializer, "uniform", "it is called random_uniform"},

    {P::loss, "crossentropy crossentropyloss ce categorical nll nllloss softmaxcrossentropy",
     "for classes it is called sparse_categorical_crossentropy; or leave loss out: it follows from the last layer"},
    {P::loss, "bce bceloss bcewithlogitsloss binary logistic", "it is called binary_crossentropy"},
    {P::loss, "l2 mseloss squared rmse squarederror", "it is called mse"},
    {P::loss, "l1 l1loss maeloss absolute", "it is called mae"},
    {P::loss, "smoothl1 smoothl1loss huberloss logcosh", "the nearest is huber"},
    {P::loss, "kl kld kldiv kldivloss kldivergence", "it is called kl_divergence"},

    {P::optimizer, "momentum gd gradientdescent", "write { sgd = 0.01, momentum = 0.9 }"},
    {P::optimizer, "rms", "it is called rmsprop"},

    {P::optimizer_key, "lr learningrate rate", "the learning rate is the optimiser's own value: { adam = 0.001 }"},
    {P::optimizer_key, "betas beta1", "it is called beta_1, the other one beta_2"},
    {P::optimizer_key, "beta2", "it is called beta_2"},
    {P::optimizer_key, "eps", "it is called epsilon"},
    {P::optimizer_key, "decay", "a falling rate is train.schedule; decay of weights is weight_decay"},
    {P::optimizer_key, "alpha", "it is called rho"},
    {P::optimizer_key, "gradclip clip", "it is called clipnorm, clipvalue or global_clipnorm"},

    {P::schedule, "cosinedecay cosineannealing cosineannealinglr", "it is called cosine"},
    {P::schedule, "cosinedecayrestarts cosineannealingwarmrestarts warmrestarts", "it is called cosine_restarts"},
    {P::schedule, "exponentialdecay exponentiallr", "it is called exponential"},
    {P::schedule, "inversetimedecay", "it is called inverse_time"},
    {P::schedule, "polynomialdecay linear", "it is called polynomial"},
    {P::schedule, "step steplr multisteplr piecewiseconstantdecay piecewiseconstant", "it is called piecewise"},
    {P::schedule, "plateau reducelronplateau", "that is train.reduce_on_plateau = { patience = 5 }"},
    {P::schedule, "warmup", "a key of every schedule: { cosine = { warmup = 1 } }"},

    {P::data_key, "dataset name path", "the data set is set = \"mnist\", \"folder:PATH\", \"csv:PATH\" …"},
    {P::data_key, "validationsplit valsplit testsplit trainsplit",
     "parts are told by their sizes: split = { train = 8000, validation = 1000, test = 1000 }"},
    {P::data_key, "batchsize batch", "that is train.batch"},
    {P::data_key, "normalize normalization rescale preprocessing",
     "it is called scale: \"0..1\", \"-1..1\", \"standard\", \"none\""},
    {P::data_key, "label labels targets y", "the column of a table is target = \"NAME\""},
    {P::data_key, "features columns x", "the columns of a table are inputs = [\"A\", \"B\"]"},
    {P::data_key, "augmentation augmentations", "it is called augment"},
    {P::data_key, "shuffle seed", "samples are always shuffled, by study.seed"},

    {P::model_key, "inputshape inputsize shape", "it is called input: input = [28, 28, 1]"},
    {P::model_key, "type name backbone", "a named network is architecture = \"mobilenet_v1\""},
    {P::model_key, "numclasses outputs", "it is called classes, and goes with an architecture"},
    {P::model_key, "width widthmultiplier", "it is called alpha, and goes with an architecture"},
    {P::model_key, "weights pretrained checkpoint", "a model to go on from is file = \"model.tflite\""},

    {P::train_key, "batchsize", "it is called batch"},
    {P::train_key, "numepochs nepochs maxepochs", "it is called epochs"},
    {P::train_key, "lr learningrate", "the learning rate is the optimiser's own value: optimizer = { adam = 0.001 }"},
    {P::train_key, "weightdecay momentum", "that is the optimiser's: optimizer = { sgd = 0.01, momentum = 0.9 }"},
    {P::train_key, "lossfunction criterion lossfn", "it is called loss"},
    {P::train_key, "metrics", "accuracy is always measured"},
    {P::train_key, "shuffle", "samples are always shuffled, by study.seed"},
    {P::train_key, "seed randomseed", "the seed is study.seed"},
    {P::train_key, "callbacks", "write early_stopping, reduce_on_plateau or keep_best"},
    {P::train_key, "patience monitor", "write early_stopping = { monitor = \"val_loss\", patience = 10 }"},
    {P::train_key, "ema movingaverage", "it is called average: average = 0.999"},
    {P::train_key, "scheduler lrschedule lrscheduler", "it is called schedule: schedule = { cosine = { warmup = 1 } }"},
    {P::train_key, "warmup warmupepochs", "a key of every schedule: schedule = { cosine = { warmup = 1 } }"},
    {P::train_key, "validationsplit",
     "parts are told by their sizes: data.split = { train = 8000, validation = 1000, test = 1000 }"},
    {P::train_key, "dropout", "dropout is a layer: { dropout = 0.3 }"},
    {P::train_key, "augment augmentation", "that is data.augment"},
};

std::string plain(std::string_view word) {
  std::string out;
  for (char c : word)
    if (c != '_' && c != '-' && c != ' ') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

}  // namespace

std::string foreign_word(WordPlace place, std::string_view word) {
  const std::string wanted = plain(word);
  if (wanted.empty()) return {};
  for (const Row& row : kRows) {
    if (row.place != place) continue;
    const std::string_view words = row.words;
    for (size_t at = 0; at < words.size();) {
      const size_t end = std::min(words.find(' ', at), words.size());
      if (words.substr(at, end - at) == wanted) return row.hint;
      at = end + 1;
    }
  }
  return {};
}

std::string word_hint(WordPlace place, std::string_view word, std::span<const std::string> ours) {
  const std::string foreign = foreign_word(place, word);
  return foreign.empty() ? did_you_mean_or_all(word, ours) : foreign;
}

}  // namespace thimble
